import type { Command } from 'commander';

import type { EstimatedCalls, ExperimentEstimate, Guess } from '../../contracts/estimate.js';
import { isKnown } from '../../core/estimate/guess.js';
import { count, counted, duration } from '../../core/report/figures.js';
import { formatPico, picoFromDollars } from '../../core/money/pico.js';
import { withBackendOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import { renderPairs, renderTable } from '../io/table.js';
import { dollars, nameList, positiveNumber, versionMoment, wholeNumber } from '../option-values.js';
import { specOf, type RunOptions } from './experiment-run.js';

/** `assay experiment plan` */
export function registerExperimentPlan(parent: Command, { handle }: Registration): void {
  const command = withBackendOption(parent.command('plan'))
    .description('Say what a run would come to: calls, tokens, cost and time; nothing is run')
    .requiredOption('--dataset <name>', 'the dataset: datasets/<name>, or one of the platform')
    .requiredOption('--target <name>', 'what is tested: a target of assay.config.ts')
    .option('--evaluators <names>', 'with commas; default: those that the target names', nameList)
    .option('--repetitions <n>', 'how often each item is run (default 1)', wholeNumber)
    .option('--concurrency <n>', 'cells in flight at once (default 16)', wholeNumber)
    .option('--seed <n>', 'decides which items a sample takes (default 1)', wholeNumber)
    .option('--quick <n>', 'only so many items, drawn in strata', positiveNumber)
    .option('--quick-by <pointer>', 'what the strata are, as /expected; default: found by itself')
    .option('--budget <dollars>', 'says whether the run fits', dollars)
    .option('--reuse', 'as for run; the figures are those of a run that takes nothing over')
    .option(
      '--dataset-version <moment>',
      'of a dataset on the platform, ISO 8601; default: now',
      versionMoment,
    )
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment plan --dataset support-tickets --target triage-v2
  $ assay experiment plan --dataset support-tickets --target reply-v2 --repetitions 3 --budget 2
  $ assay experiment plan --dataset support-tickets --target reply-v2 --json

Reads the dataset, the config and earlier runs. No run is made, no model is called, nothing is written.`,
    );
  handle(command, async (cli) => {
    const spec = specOf(await cli.project(), command.opts<RunOptions>());
    const estimate = await cli.withClient((client) => client.experiments.estimate(spec));
    await cli.out.line(cli.json ? jsonText(estimate) : estimateText(estimate, cli.out));
  });
}

/** An estimate as people read it: the figures, then what each is based on. */
export function estimateText(estimate: ExperimentEstimate, sink: Sink): string {
  const { safe } = sink;
  const { bold, dim } = sink.colours;
  const table = renderTable(
    [
      { heading: 'Calls for' },
      { heading: 'Model' },
      { heading: 'Calls', align: 'right' },
      { heading: 'Input tokens', align: 'right' },
      { heading: 'Output tokens', align: 'right' },
      { heading: 'Cost', align: 'right' },
    ],
    estimate.parts.map((part) => [
      safe(part.scope),
      safe(part.model ?? 'unknown'),
      guessText(part.calls, whole),
      guessText(part.inputTokens, whole),
      guessText(part.outputTokens, whole),
      guessText(part.costUsd, money),
    ]),
  );
  const { total } = estimate;
  const pairs: (readonly [string, string])[] = [
    ['Target', safe(estimate.target)],
    ['Dataset', `${safe(estimate.dataset)}, ${itemsText(estimate)}`],
    ['Cells', `${count(estimate.cells)} (${counted(estimate.repetitions, 'repetition')})`],
    ['Calls', guessText(total.calls, whole)],
    [
      'Tokens',
      `${guessText(total.inputTokens, whole)} in, ${guessText(total.outputTokens, whole)} out`,
    ],
    ['Cost', guessText(total.costUsd, money)],
    ['Time', guessText(estimate.seconds, (seconds) => duration(seconds * 1_000))],
    ...budgetPairs(estimate),
  ];
  const bases = basesOf(estimate).map((line) => dim(`  ${safe(line)}`));
  return [
    renderPairs(pairs),
    ...(estimate.parts.length === 0 ? [] : [table]),
    [bold('Based on'), ...bases].join('\n'),
  ].join('\n\n');
}

const whole = (value: number): string => count(Math.round(value));
const money = (usd: number): string => formatPico(picoFromDollars(usd));

/** `$0.12 ($0.08 – $0.20)`; one figure where there is no range, and `unknown` where nobody can tell. */
function guessText(guess: Guess, text: (value: number) => string): string {
  if (!isKnown(guess)) return 'unknown';
  const [low, likely, high] = [guess.low, guess.likely, guess.high].map(text);
  return low === high ? `${likely}` : `${likely} (${low} – ${high})`;
}

function itemsText({ items, ofItems }: ExperimentEstimate): string {
  return ofItems === undefined
    ? counted(items, 'item')
    : `a sample of ${count(items)} of ${counted(ofItems, 'item')}`;
}

function budgetPairs({ budget }: ExperimentEstimate): readonly (readonly [string, string])[] {
  if (budget === undefined) return [];
  const says = {
    yes: 'the run fits',
    maybe: 'the run may pause at it',
    no: 'the run will pause at it',
    unknown: 'whether the run fits is unknown',
  } as const;
  const { budgetUsd, fits, holdUsd, enoughUsd } = budget;
  const rows: (readonly [string, string])[] = [['Budget', `${money(budgetUsd)}: ${says[fits]}`]];
  if (enoughUsd !== undefined && fits !== 'yes') {
    rows.push(['Enough', `about ${money(enoughUsd)}`]);
  }
  if (holdUsd !== undefined && fits !== 'yes') {
    rows.push([
      'Held',
      `up to ${money(holdUsd)} for each call until it ends; less where max_tokens is lower`,
    ]);
  }
  return rows;
}

function basesOf(estimate: ExperimentEstimate): readonly string[] {
  const lines = estimate.parts.flatMap((part) => [
    ...baseLines(part, 'calls', part.calls),
    ...baseLines(part, 'input', part.inputTokens),
    ...baseLines(part, 'output', part.outputTokens),
    ...baseLines(part, 'cost', part.costUsd),
  ]);
  const time = isKnown(estimate.seconds)
    ? estimate.seconds.basis
    : `unknown, ${estimate.seconds.unknown}`;
  return [...new Set([...lines, `time: ${time}`, ...estimate.assumptions])];
}

const baseLines = (part: EstimatedCalls, what: string, guess: Guess): readonly string[] => [
  `${part.scope}, ${what}: ${isKnown(guess) ? guess.basis : `unknown, ${guess.unknown}`}`,
];
