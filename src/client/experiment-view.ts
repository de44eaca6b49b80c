import type { TraceMode } from '../contracts/experiment-spec.js';
import type { PassRecord } from '../contracts/pass.js';
import type { CellCounts, ExperimentStatus, PublicationCounts } from '../contracts/records.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';
import { experimentId } from '../core/experiment/naming.js';
import type { Json } from '../core/json/json.js';
import { budgetOf, type Budget } from '../store/budget.js';
import { countCells } from '../store/cells.js';
import type { ExperimentRecord } from '../store/experiments.js';
import { verdictsOf, type RunVerdict } from '../store/gates.js';
import { publicationCounts } from '../store/publication.js';
import type { Store } from '../store/store.js';
import { passesOf, type PassProgress } from './passes.js';
import { reuseOf, sampleOf, type ReuseView, type SampleView } from './sample-and-reuse.js';

/** A run as callers see it. */
export interface ExperimentView {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  /** The folder name that files of this run are written under. */
  readonly slug: string;
  readonly status: ExperimentStatus;
  readonly target: string;
  readonly dataset: string;
  readonly counts: CellCounts;
  /** Cells in flight at once, as it is now. */
  readonly concurrency: number;
  /** What the run stands still for, or waits for, where it does: a person, its budget, a rate limit, a platform. */
  readonly waitingFor: string | undefined;
  readonly publication: readonly PublicationCounts[];
  /** With `none` nothing of the run is published, by choice; absent in runs of earlier versions, which all are. */
  readonly trace?: TraceMode;
  /** After the end: headings and one row of figures, each with its denominator. */
  readonly summary: Json | undefined;
  readonly error: ErrorDocument | undefined;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  /** Since when its inputs and outputs are gone; see `assay prune`. */
  readonly prunedAt: string | undefined;
  /** What was done to it after its end, and what is being done: the oldest first. */
  readonly passes: readonly PassRecord[];
  /** How far the pass is that goes on; undefined where none does. */
  readonly pass: PassProgress | undefined;
  /** Where the run takes a part of its dataset, or was asked to. */
  readonly sample: SampleView | undefined;
  /** Where a budget was given: what it is, what was spent of it and what is held for calls under way. */
  readonly budget?: Budget;
  /** What was taken over from earlier runs; undefined where nobody asked for it. */
  readonly reuse: ReuseView | undefined;
  /** Which gate ended it before all of its cells were run, and why; absent where all were, or are still to be. */
  readonly earlyStop?: { readonly gate: string; readonly reason: string };
  /** What gates said of it, the newest first; absent where none did. */
  readonly verdicts?: readonly RunVerdict[];
  /** For the Temporal UI. */
  readonly workflowId: string;
  readonly runUid: string;
}

/** Reads what stands beside the row of a run. @param waitingFor what its driver waits for; a pause comes before it. */
export async function experimentView(
  store: Store,
  record: ExperimentRecord,
  waitingFor?: string,
): Promise<ExperimentView> {
  const [counts, publication, passes, reuse, verdicts, budget] = await Promise.all([
    countCells(store, record.id),
    publicationCounts(store, record.id),
    passesOf(store, record.id),
    reuseOf(store, record),
    verdictsOf(store, record.id),
    record.spec.budgetUsd === undefined ? undefined : budgetOf(store, record.id),
  ]);
  const seen = viewOf(record, {
    counts,
    publication,
    ...passes,
    reuse,
    waitingFor: record.pause?.reason ?? waitingFor,
  });
  return {
    ...seen,
    ...(verdicts.length === 0 ? {} : { verdicts }),
    ...earlyStopOf(record),
    ...(budget === undefined ? {} : { budget }),
  };
}

function viewOf(
  record: ExperimentRecord,
  seen: Pick<ExperimentView, 'counts' | 'publication' | 'passes' | 'pass' | 'reuse' | 'waitingFor'>,
): ExperimentView {
  return {
    id: experimentId(record.project, record.name),
    project: record.project,
    name: record.name,
    slug: record.slug,
    status: record.status,
    target: record.spec.target,
    dataset: record.spec.dataset.name,
    sample: sampleOf(record),
    concurrency: record.concurrency,
    ...(record.spec.trace === undefined ? {} : { trace: record.spec.trace }),
    ...seen,
    summary: record.summary,
    error: record.error,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    prunedAt: record.prunedAt,
    workflowId: record.workflowId,
    runUid: record.runUid,
  };
}

const earlyStopOf = ({ earlyStop }: ExperimentRecord): Pick<ExperimentView, 'earlyStop'> =>
  earlyStop === undefined
    ? {}
    : { earlyStop: { gate: earlyStop.gate, reason: earlyStop.early.reason } };
