import { cellSpanId, cellTraceId, scoreId } from '../../src/core/ids/platform-ids.js';
import type { PlatformName } from '../../src/contracts/backend.js';
import type { ExperimentView } from '../../src/client/experiment-view.js';
import { evaluators, type Installation } from './installation.js';

/** What one platform shows of a run, counted from outside. */
export interface PlatformCounted {
  readonly platform: PlatformName;
  /** Expected records that the platform does not show. */
  readonly lost: number;
  /** Rows of spans beyond one per trace and span. */
  readonly duplicateTraces: number;
  readonly duplicateScores: number;
  /** Records that nobody expected: a wrong id would hide as one lost and one too many. */
  readonly strangers: number;
  readonly ambiguousResends: number;
  /** Records that were sent again and replaced themselves, since their id is the key there. */
  readonly rewritten: number;
}

/** What became of a run, counted from outside; what platforms show is summed over them. */
export interface Counted extends Omit<PlatformCounted, 'platform'> {
  readonly planned: number;
  readonly ok: number;
  /** Cells that ended otherwise. */
  readonly errors: number;
  readonly repeatedPaidCalls: number;
  readonly pending: number;
  readonly platforms: readonly PlatformCounted[];
}

/** The paths of the spans that a prompt target's cell writes. */
const spanPaths = ['root', 'target', 'target/call/1'] as const;
/** The same on LangSmith, where a place is told by the kinds of its runs. */
const runPaths = ['', '/chain', '/chain/llm'] as const;

interface Expected {
  readonly spans: ReadonlySet<string>;
  /** What may be there beside it: the call of a cell that ended in an error. */
  readonly allowed: ReadonlySet<string>;
  readonly scores: ReadonlySet<string>;
}

/** What is there of a run. */
interface Shown {
  readonly spans: ReadonlyMap<string, number>;
  readonly scores: ReadonlyMap<string, number>;
}

/** How the records of an item are called on a platform. */
interface Names {
  readonly spans: readonly string[];
  readonly scores: readonly string[];
}

export const itemsOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `T-${index + 1}`);

const traceIdOf = (runUid: string, itemId: string): string =>
  cellTraceId({ runUid, itemId, repetition: 1, revision: 1 });

/** Ids from the items of the dataset by the rule of docs/architecture.md, not from what the run says it sent. */
const namesOnLangfuse = (runUid: string, itemId: string): Names => {
  const traceId = traceIdOf(runUid, itemId);
  const cell = { runUid, itemId, repetition: 1, revision: 1 };
  return {
    spans: spanPaths.map((path) => `${traceId}/${cellSpanId(cell, path)}`),
    scores: evaluators.map((evaluator) => scoreId(traceId, evaluator)),
  };
};

const namesOnLangsmith = (itemId: string): Names => ({
  spans: runPaths.map((path) => `${itemId}${path}`),
  scores: evaluators.map((evaluator) => `${itemId}/${evaluator}`),
});

/** The name of what stands of a cell once it stands there at all. */
export const rootOn = (platform: PlatformName, runUid: string, itemId: string): string =>
  (platform === 'langfuse' ? namesOnLangfuse(runUid, itemId) : namesOnLangsmith(itemId)).spans[0] ??
  '';

const expectedOf = (
  items: readonly string[],
  failed: ReadonlySet<string>,
  namesOf: (itemId: string) => Names,
): Expected => {
  const spans = new Set<string>();
  const allowed = new Set<string>();
  const scores = new Set<string>();
  for (const itemId of items) {
    const names = namesOf(itemId);
    const isOk = !failed.has(itemId);
    names.spans.forEach((name, depth) => (isOk || depth === 0 ? spans : allowed).add(name));
    if (isOk) for (const name of names.scores) scores.add(name);
  }
  return { spans, allowed, scores };
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

const compare = (
  { spans, scores }: Shown,
  expected: Expected,
): Pick<PlatformCounted, 'lost' | 'strangers'> => ({
  lost: missingFrom(spans, expected.spans) + missingFrom(scores, expected.scores),
  strangers:
    [...spans.keys()].filter((id) => !expected.spans.has(id) && !expected.allowed.has(id)).length +
    [...scores.keys()].filter((id) => !expected.scores.has(id)).length,
});

type OnePlatform = Omit<PlatformCounted, 'platform' | 'ambiguousResends'>;

interface Counting {
  readonly view: ExperimentView;
  readonly items: readonly string[];
  readonly failed: ReadonlySet<string>;
}

const countLangfuse = async (
  { platform }: Installation,
  { view: { runUid }, items, failed }: Counting,
): Promise<OnePlatform> => {
  await platform.allVisible();
  const expected = expectedOf(items, failed, (itemId) => namesOnLangfuse(runUid, itemId));
  const spans = await platform.spanRows(runUid);
  const scores = await platform.scoreRows(items.map((itemId) => traceIdOf(runUid, itemId)));
  return {
    ...compare({ spans, scores }, expected),
    // The read API pages by a cursor that may skip a row; the table does not.
    duplicateTraces: Math.max(beyondOne(spans), await platform.twiceInDatabase()),
    duplicateScores: beyondOne(scores),
    rewritten: await platform.rewritten(),
  };
};

const countLangsmith = (
  { langsmith }: Installation,
  { view: { runUid }, items, failed }: Counting,
): OnePlatform => {
  if (langsmith === undefined) throw new Error('The stack runs without LangSmith.');
  const shown = langsmith.log.recordsOf({ runUid, items });
  const found = compare(shown, expectedOf(items, failed, namesOnLangsmith));
  const again = langsmith.log.takenAgain();
  return {
    ...found,
    strangers: found.strangers + shown.strangers,
    duplicateTraces: beyondOne(shown.spans),
    duplicateScores: beyondOne(shown.scores),
    // No row shows it, so it is counted where it came by.
    rewritten: again,
  };
};

/** Reads the platforms, the model's log and the run's rows once everything is at rest. */
export const countRun = async (
  on: Installation,
  view: ExperimentView,
  cells: number,
): Promise<Counted> => {
  await on.endFaults();
  const counting = { view, items: itemsOf(cells), failed: await failedItems(on, view) };
  const counted: readonly PlatformCounted[] = await Promise.all(
    view.publication.map(async ({ platform, ambiguousResends }) => ({
      platform: platform as PlatformName,
      ...(platform === 'langfuse'
        ? await countLangfuse(on, counting)
        : countLangsmith(on, counting)),
      ambiguousResends,
    })),
  );
  const sum = (of: (each: PlatformCounted) => number): number =>
    counted.reduce((total, each) => total + of(each), 0);
  const { counts } = view;
  return {
    planned: counts.planned,
    ok: counts.ok,
    errors: counts.target_error + counts.evaluator_error + counts.skipped,
    lost: sum(({ lost }) => lost),
    duplicateTraces: sum(({ duplicateTraces }) => duplicateTraces),
    duplicateScores: sum(({ duplicateScores }) => duplicateScores),
    strangers: sum(({ strangers }) => strangers),
    ambiguousResends: sum(({ ambiguousResends }) => ambiguousResends),
    rewritten: sum(({ rewritten }) => rewritten),
    repeatedPaidCalls: beyondOne(await on.model.paidCalls()),
    pending: counts.pending,
    platforms: counted,
  };
};
