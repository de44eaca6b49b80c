import type { PassKind, PassRecord } from '../../contracts/pass.js';
import type { CellCounts, ExperimentStatus } from '../../contracts/records.js';
import { contentHash } from '../ids/hash.js';
import type { ReportHeader } from './report-input.js';

/** What was done to a run after its end. */
export interface ReportPass {
  /** From 2; the run itself is the first. */
  readonly pass: number;
  readonly kind: PassKind;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly statusBefore: ExperimentStatus;
  readonly statusAfter: ExperimentStatus;
  /** Cells that it was to run or judge, and those that it did. */
  readonly cells: number;
  readonly done: number;
  /** Who judged from then on, each with a hash of what decides its scores, before (null where new) and after. */
  readonly evaluators: readonly {
    readonly name: string;
    readonly before: string | null;
    readonly after: string;
  }[];
  readonly repetitions: { readonly before: number; readonly after: number } | null;
  /** Whether what the platforms did not show was sent again. */
  readonly repaired: boolean;
  /** Replaced traces and scores that the platforms deleted, and those that they did not. */
  readonly deleted: number;
  readonly notDeleted: number;
}

// A judgement that was made is `ok`, whatever it says.
const doneOf = (kind: PassKind, ended: CellCounts): number =>
  kind === 'rejudge' ? ended.ok : ended.ok + ended.target_error + ended.evaluator_error;

/** A pass as the report tells it; the one that goes on ends with the report. */
export function passReport(pass: PassRecord, header: ReportHeader): ReportPass {
  const { cells, details, outcome, request } = pass;
  const ended = outcome?.cells;
  return {
    pass: pass.pass,
    kind: pass.kind,
    startedAt: pass.createdAt,
    finishedAt: pass.finishedAt ?? header.finishedAt,
    statusBefore: pass.statusBefore,
    statusAfter: pass.statusAfter ?? header.status,
    cells,
    done: ended === undefined ? cells : doneOf(pass.kind, ended),
    evaluators: (details.evaluators ?? []).map(({ name, before, after }) => ({
      name,
      before: before === undefined ? null : contentHash(before),
      after: contentHash(after),
    })),
    repetitions: details.repetitions ?? null,
    repaired: request.kind === 'verify' && request.repair,
    deleted: outcome?.deleted ?? 0,
    notDeleted: outcome?.notDeleted ?? 0,
  };
}
