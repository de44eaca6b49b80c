import type { Command } from 'commander';

import type { ExperimentView } from '../../client/experiments.js';
import { count, counted, duration } from '../../core/report/figures.js';
import type { Registration } from '../cli.js';
import { errorLines } from '../errors/render-error.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import { renderPairs } from '../io/table.js';
import { progressLine } from '../progress/progress-text.js';
import { reuseLine, sampleLine } from '../progress/sample-line.js';
import { readBackText } from '../results/conclude.js';

/** `assay experiment status` */
export function registerExperimentStatus(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('status')
    .description('Show where a run stands')
    .argument('<name>', 'the name of the run')
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment status nightly-2026-11-21
  $ assay experiment status nightly-2026-11-21 --json`,
    );
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    const view = await cli.withClient((client) => client.experiments.get(key));
    await cli.out.line(cli.json ? jsonText(view) : statusText(view, cli.out));
  });
}

/** A run as people read it. */
export function statusText(view: ExperimentView, sink: Sink): string {
  const { counts } = view;
  const now = Date.now();
  const from = Date.parse(view.startedAt ?? view.createdAt);
  const until = view.finishedAt === undefined ? now : Date.parse(view.finishedAt);
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
    ...view.publication.map((each): readonly [string, string] => [
      sink.safe(each.platform),
      publicationText(view.status, each),
    ]),
    ['Started', `${view.startedAt ?? view.createdAt}, ${duration(Math.max(0, until - from))}`],
    ...(view.finishedAt === undefined ? [] : [['Finished', view.finishedAt] as const]),
    ...view.passes.map((each): readonly [string, string] => [`Pass ${each.pass}`, passLine(each)]),
    ...summaryPairs(view, sink),
    ['Workflow', sink.safe(view.workflowId)],
  ];
  const text = renderPairs(pairs);
  return view.error === undefined ? text : `${text}\n${errorLines(view.error, sink).join('\n')}`;
}

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
