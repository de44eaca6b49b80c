import { cellSpanId, cellTraceId, scoreId } from '../../src/core/ids/platform-ids.js';
import type { ExperimentView } from '../../src/client/experiments.js';
import { evaluators, type Installation } from './installation.js';

/** What became of a run, counted from outside. */
export interface Counted {
  readonly planned: number;
  readonly ok: number;
  /** Cells that ended otherwise. */
  readonly errors: number;
  /** Expected records that the platform does not show. */
  readonly lost: number;
  /** Rows of spans beyond one per trace and span. */
  readonly duplicateTraces: number;
  readonly duplicateScores: number;
  /** Records that nobody expected: a wrong id would hide as one lost and one too many. */
  readonly strangers: number;
  readonly ambiguousResends: number;
  readonly repeatedPaidCalls: number;
  readonly pending: number;
}

/** The paths of the spans that a prompt target's cell writes. */
const spanPaths = ['root', 'target', 'target/call/1'] as const;

interface Expected {
  readonly spans: ReadonlySet<string>;
  /** What may be there beside it: the call of a cell that ended in an error. */
  readonly allowed: ReadonlySet<string>;
  readonly scores: ReadonlySet<string>;
  readonly traces: readonly string[];
}

/** Ids from the items of the dataset by the rule of docs/architecture.md, not from what the run says it sent. */
const expectedOf = (runUid: string, items: number, failed: ReadonlySet<string>): Expected => {
  const spans = new Set<string>();
  const allowed = new Set<string>();
  const scores = new Set<string>();
  const traces: string[] = [];
  for (let index = 1; index <= items; index += 1) {
    const cell = { runUid, itemId: `T-${index}`, repetition: 1, revision: 1 };
    const traceId = cellTraceId(cell);
    traces.push(traceId);
    const isOk = !failed.has(cell.itemId);
    for (const path of spanPaths) {
      const key = `${traceId}/${cellSpanId(cell, path)}`;
      if (isOk || path === 'root') spans.add(key);
      else allowed.add(key);
    }
    if (isOk) for (const evaluator of evaluators) scores.add(scoreId(traceId, evaluator));
  }
  return { spans, allowed, scores, traces };
};

const beyondOne = (rows: ReadonlyMap<string, number>): number =>
  [...rows.values()].reduce((sum, each) => sum + each - 1, 0);

const missingFrom = (rows: ReadonlyMap<string, number>, expected: ReadonlySet<string>): number =>
  [...expected].filter((id) => !rows.has(id)).length;

const failedItems = async (on: Installation, view: ExperimentView): Promise<Set<string>> => {
  const failed = new Set<string>();
  const key = { project: view.project, name: view.name };
  const status = ['target_error', 'evaluator_error', 'skipped'] as const;
  for await (const cell of on.client.experiments.results(key, { status })) {
    failed.add(cell.itemId);
    on.diary.note(`cell ${cell.itemId} ended as ${cell.status}: ${JSON.stringify(cell.error)}`);
  }
  return failed;
};

/** Reads the platform, the model's log and the run's rows once everything is at rest. */
export const countRun = async (
  on: Installation,
  view: ExperimentView,
  cells: number,
): Promise<Counted> => {
  await on.platform.admin('DELETE', '/dev/faults');
  await on.platform.allVisible();
  const expected = expectedOf(view.runUid, cells, await failedItems(on, view));
  const spans = await on.platform.spanRows(view.runUid);
  const scores = await on.platform.scoreRows(expected.traces);
  const inDatabase = await on.platform.duplicatesInDatabase();
  const { counts } = view;
  return {
    planned: counts.planned,
    ok: counts.ok,
    errors: counts.target_error + counts.evaluator_error + counts.skipped,
    lost: missingFrom(spans, expected.spans) + missingFrom(scores, expected.scores),
    // The read API pages by a cursor that may skip a row; the table does not.
    duplicateTraces: Math.max(beyondOne(spans), inDatabase),
    duplicateScores: beyondOne(scores),
    strangers:
      [...spans.keys()].filter((id) => !expected.spans.has(id) && !expected.allowed.has(id))
        .length + [...scores.keys()].filter((id) => !expected.scores.has(id)).length,
    ambiguousResends: view.publication.reduce((sum, each) => sum + each.ambiguousResends, 0),
    repeatedPaidCalls: beyondOne(await on.model.paidCalls()),
    pending: counts.pending,
  };
};
