import type { PassKind, PassRecord } from '../../contracts/pass.js';
import type { CellCounts } from '../../contracts/records.js';
import type { ReportPass } from '../../contracts/report/run.js';
import { contentHash } from '../ids/hash.js';
import type { ReportHeader } from './report-input.js';

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
