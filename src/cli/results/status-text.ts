import type { ExperimentView } from '../../client/experiment-view.js';
import type { RunCosts } from '../../client/experiments.js';
import { formatPico, picoFromDollars } from '../../core/money/pico.js';
import { unpublishedText } from '../../core/experiment/trace-mode.js';
import { workMs } from '../../core/experiment/work-time.js';
import { count, counted, duration } from '../../core/report/figures.js';
import { errorLines } from '../errors/render-error.js';
import type { Sink } from '../io/sink.js';
import { renderPairs } from '../io/table.js';
import { progressLine } from '../progress/progress-text.js';
import { reuseLine, sampleLine } from '../progress/sample-line.js';
import { readBackText } from './conclude.js';

/** A run as people read it. */
export function statusText(view: ExperimentView, sink: Sink, costs?: RunCosts): string {
  const { counts } = view;
  const startedAt = view.startedAt ?? view.createdAt;
  const worked = workMs({
    startedAt,
    endedAt: view.finishedAt ?? new Date().toISOString(),
    passes: view.passes,
  });
  const pairs: (readonly [string, string])[] = [
    ['Experiment', sink.safe(view.name)],
    ['Project', sink.safe(view.project)],
    ['Target', sink.safe(view.target)],
    ['Dataset', sink.safe(view.dataset)],
    ...optional('Quick mode', sampleLine(view.sample), sink),
    ['Stands', progressLine({ view, perSecond: undefined, stillMs: 0, silentMs: 0 })],
    [
      'Cells',
      `${counted(counts.planned, 'cell')}: ${count(counts.ok)} ok, ${count(counts.target_error)} target_error, ` +
        `${count(counts.evaluator_error)} evaluator_error, ${count(counts.skipped)} skipped, ${count(counts.pending)} pending`,
    ],
    ['Concurrency', count(view.concurrency)],
    ...optional('Reused', reuseLine(view), sink),
    ...(costs === undefined ? [] : [['Cost so far', costLine(costs)] as const]),
    ...(view.budget === undefined ? [] : [['Budget', budgetLine(view.budget)] as const]),
    ...view.publication.map((each): readonly [string, string] => [
      sink.safe(each.platform),
      publicationText(view.status, each),
    ]),
    ...(view.trace === 'none' ? [['Published', unpublishedText] as const] : []),
    ['Started', `${startedAt}, ${duration(worked)}`],
    ...(view.finishedAt === undefined ? [] : [['Finished', view.finishedAt] as const]),
    ...view.passes.map((each): readonly [string, string] => [`Pass ${each.pass}`, passLine(each)]),
    ...optional('Ended early', view.earlyStop?.reason, sink),
    ...(view.verdicts ?? []).map((each): readonly [string, string] => [
      'Verdict',
      `${each.verdict} (gate ${sink.safe(each.name)}, ${each.decidedAt}${
        each.beforePass === null ? '' : `; on the scores before pass ${each.beforePass}`
      })`,
    ]),
    ...summaryPairs(view, sink),
    ['Workflow', sink.safe(view.workflowId)],
  ];
  const text = renderPairs(pairs);
  return view.error === undefined ? text : `${text}\n${errorLines(view.error, sink).join('\n')}`;
}

const money = (usd: number): string => formatPico(picoFromDollars(usd));

/** `$0.12 target, $0.03 judge`, each with of how many cells it is known where that is not all. */
function costLine(costs: RunCosts): string {
  const parts = (['target', 'judge', 'embedding'] as const).flatMap((purpose) => {
    const { usd, known, cells } = costs[purpose];
    if (known === 0 && cells > 0) return [`${purpose} unknown`];
    if (usd === 0 && purpose === 'embedding') return [];
    const of = known === cells ? '' : ` (of ${count(known)} of ${counted(cells, 'cell')})`;
    return [`${money(usd)} ${purpose}${of}`];
  });
  return parts.join(', ');
}

function budgetLine({ budgetUsd, spentUsd, reservedUsd }: Budget): string {
  const held = reservedUsd > 0 ? `, ${money(reservedUsd)} held for calls under way` : '';
  return `${money(spentUsd)} of ${money(budgetUsd)} spent${held}`;
}

type Budget = NonNullable<ExperimentView['budget']>;

const passWords = {
  retry: (cells: number) => `retry of ${counted(cells, 'cell')}`,
  rejudge: (cells: number) => `${counted(cells, 'cell')} judged again`,
  extend: (cells: number) => counted(cells, 'more cell'),
  verify: () => 'another look at the platforms',
} as const;

function passLine({
  kind,
  cells,
  createdAt,
  statusAfter,
}: ExperimentView['passes'][number]): string {
  const state = statusAfter === undefined ? 'goes on' : `ended ${statusAfter}`;
  return `${passWords[kind](cells)}, asked for ${createdAt}, ${state}`;
}

function publicationText(
  status: ExperimentView['status'],
  each: ExperimentView['publication'][number],
): string {
  const sent = `${count(each.sentTraces)} of ${count(each.expectedTraces)} traces sent`;
  // Nothing was read back before that, nor in a run that asked for none.
  const read = each.verifiedTraces > 0 || status === 'completed_unverified';
  return read ? `${sent}; ${readBackText(each)}` : sent;
}

const optional = (
  name: string,
  text: string | undefined,
  sink: Sink,
): readonly (readonly [string, string])[] => (text === undefined ? [] : [[name, sink.safe(text)]]);

/** The figures of the end, without the columns that stand above already. */
function summaryPairs(view: ExperimentView, sink: Sink): readonly (readonly [string, string])[] {
  const { summary } = view;
  if (typeof summary !== 'object' || summary === null || Array.isArray(summary)) return [];
  const { headings, row } = summary as { readonly headings?: unknown; readonly row?: unknown };
  if (!Array.isArray(headings) || !Array.isArray(row)) return [];
  return headings
    .map((heading, index): readonly [string, string] => [
      sink.safe(String(heading)),
      sink.safe(String(row[index] ?? '—')),
    ])
    .slice(2);
}
