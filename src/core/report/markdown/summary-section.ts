import {
  markdownCellCode,
  markdownCode,
  markdownLink,
  markdownText,
} from '../../text/escape/markdown.js';
import { formatPico, picoFromDollars } from '../../money/pico.js';
import {
  bar,
  count,
  counted,
  duration,
  figure,
  figureInterval,
  nOf,
  percent,
  percentInterval,
} from '../figures.js';
import { isFinalStatus } from '../../experiment/naming.js';
import { sampleText } from '../../experiment/sample-text.js';
import type { EvaluatorReport, Finding, ReportModel, ScoreReport } from '../report-model.js';
import { noneOkText } from '../none-ok.js';
import { blocks, table } from './table.js';

const statusWords = {
  planning: '⏳ planning',
  running: '⏳ running',
  paused: '⏸️ paused',
  publishing: '⏳ publishing',
  verifying: '⏳ verifying',
  completed: '✅ completed',
  completed_unverified: '⚠️ completed, not everything verified',
  cancelled: '⏹️ cancelled',
  failed: '❌ failed',
} as const;

/** The first screen: what was run, how it went, and what stands out. */
export function summarySection(model: ReportModel): readonly string[] {
  const { run } = model;
  return blocks(
    [`# Experiment ${markdownCode(run.experiment)}`],
    [headline(model)],
    run.error === null
      ? []
      : [`> **${markdownText(run.error.title)}** — ${markdownText(run.error.message)}`],
    noneOkNote(model),
    partialNote(model),
    run.description === null ? [] : [markdownText(run.description)],
    sampleNote(model),
    [whatWasRun(model)],
    reuseNote(model),
    links(model),
    ['## Results'],
    resultsTable(model),
    [resultsNote(model)],
    findingsList(model.findings),
    ['## Cells'],
    cellsTable(model),
    cellsNote(model),
  );
}

function headline(model: ReportModel): string {
  const { run, cells, calls, latencyMs } = model;
  const parts = [
    `**${noneOkText(model) === undefined ? statusWords[run.status] : '❌ completed, no cell ok'}**`,
    `**${nOf(cells.ok, cells.planned)} planned cells ok**`,
    ...(cells.notPassed > 0
      ? [`${nOf(cells.notPassed, cells.ok)} ok cells with a failed required score`]
      : []),
    ...notOk(cells),
    duration(run.durationMs),
    ...(latencyMs === null ? [] : [`p50 ${duration(latencyMs.p50)}`]),
    ...(calls.total.costKnown > 0 ? [formatPico(picoFromDollars(calls.total.costDollars))] : []),
  ];
  return parts.join(' · ');
}

/** That all its work was done must not read as if anything had come of it. */
function noneOkNote(model: ReportModel): readonly string[] {
  const text = noneOkText(model);
  return text === undefined ? [] : [`> **${markdownText(text)}**`];
}

/** A report of a run that goes on must not be taken for its outcome. */
function partialNote({ run, cells }: ReportModel): readonly string[] {
  if (isFinalStatus(run.status)) return [];
  const ended = nOf(cells.planned - cells.pending, cells.planned);
  return [`> ⏳ **Not the end**: ${ended} planned cells had ended when this was made.`];
}

function notOk(cells: ReportModel['cells']): readonly string[] {
  const kinds = [
    [cells.target_error, 'target error'],
    [cells.evaluator_error, 'evaluator error'],
  ] as const;
  return [
    ...kinds.filter(([n]) => n > 0).map(([n, name]) => counted(n, name)),
    ...(cells.skipped > 0 ? [`${count(cells.skipped)} skipped`] : []),
    ...(cells.pending > 0 ? [`${count(cells.pending)} without an outcome`] : []),
  ];
}

function whatWasRun({ run }: ReportModel): string {
  const { target, dataset } = run;
  const model =
    target.kind === 'prompt'
      ? ` (prompt, ${markdownCode(target.model.model)})`
      : ` (${target.kind === 'http' ? 'HTTP endpoint' : 'function'})`;
  const times = run.repetitions === 1 ? '' : `, each ${run.repetitions} times`;
  const evaluators = run.evaluators.map(({ name }) => markdownCode(name)).join(', ');
  return (
    `Target ${markdownCode(target.name)}${model} over dataset ${markdownCode(dataset.name)}, ` +
    `${counted(dataset.items, 'item')}${times}, judged by ${evaluators === '' ? 'nothing' : evaluators}.`
  );
}

/** First of all: whoever takes a sample for the whole draws the wrong conclusion from everything below. */
function sampleNote({ run }: ReportModel): readonly string[] {
  const { items, sample, sampleAsked } = run.dataset;
  const text = sampleText({ items, sample, asked: sampleAsked });
  if (text === undefined) return [];
  const sign = sample === null ? '' : '⚠️ ';
  return [`> ${sign}**Quick mode**: ${markdownText(text)}.`];
}

function reuseNote({ reuse, cells }: ReportModel): readonly string[] {
  if (reuse === null) return [];
  if (reuse.cells === 0) return ['Nothing could be taken over from earlier runs.'];
  const { whole, sources, otherSources } = reuse;
  const from = [
    ...sources.map(({ experiment, cells: n }) => `${markdownCode(experiment)} (${count(n)})`),
    ...(otherSources > 0 ? [`others (${count(otherSources)})`] : []),
  ].join(', ');
  const judged =
    whole === reuse.cells
      ? ''
      : `, of which ${count(reuse.cells - whole)} were judged anew in part`;
  return [
    `**${nOf(reuse.cells, cells.planned)} planned cells were taken over** from ${from}${judged}.`,
  ];
}

function links({ run }: ReportModel): readonly string[] {
  const all = [
    ...run.platforms.flatMap(({ platform, runs }) =>
      runs.flatMap(({ name, url }) =>
        url === undefined ? [] : [markdownLink(`${platform}: ${name}`, url)],
      ),
    ),
    ...run.links.map(({ label, url }) => markdownLink(label, url)),
  ];
  return all.length === 0 ? [] : [all.join(' · ')];
}

function resultsTable({ evaluators }: ReportModel): readonly string[] {
  const rows = evaluators.flatMap((evaluator) =>
    evaluator.scores.length === 0
      ? [
          [
            markdownCellCode(evaluator.name),
            '*no score*',
            '—',
            '',
            scored(evaluator),
            missing(evaluator),
          ],
        ]
      : evaluator.scores.map((score) => resultRow(evaluator, score)),
  );
  return table(
    [
      { heading: 'Score' },
      { heading: 'Result' },
      { heading: '95 % interval' },
      { heading: '' },
      { heading: 'Scored', align: 'right' },
      { heading: 'Without a score' },
    ],
    rows,
  );
}

function resultRow(evaluator: EvaluatorReport, score: ScoreReport): readonly string[] {
  const { passRate, numeric, categories } = score;
  const results: string[] = [];
  const intervals: string[] = [];
  if (passRate !== null) {
    results.push(`**${percent(passRate.rate)}** passed (${nOf(passRate.passed, passRate.n)})`);
    intervals.push(percentInterval(passRate.interval));
  }
  if (numeric !== null) {
    results.push(
      `mean ${passRate === null ? `**${figure(numeric.mean)}**` : figure(numeric.mean)}`,
    );
    intervals.push(numeric.interval === null ? '—' : figureInterval(numeric.interval));
  }
  const top = categories?.labels[0];
  if (passRate === null && categories !== null && top !== undefined) {
    results.push(`mostly ${markdownCellCode(top.label)} (${nOf(top.n, categories.n)})`);
    intervals.push('—');
  }
  const drawn = passRate === null ? '' : `\`${bar(passRate.rate, 10).padEnd(10, '░')}\``;
  return [
    markdownCellCode(score.name),
    results.join('; '),
    intervals.join('; '),
    drawn,
    nOf(score.n, evaluator.planned),
    missing(evaluator),
  ];
}

function scored(evaluator: EvaluatorReport): string {
  return nOf(evaluator.scored, evaluator.planned);
}

function missing({ notApplicable, errored, abstained, notReached }: EvaluatorReport): string {
  const parts = [
    ...(notApplicable > 0 ? [`${count(notApplicable)} not applicable`] : []),
    ...(abstained === 0 ? [] : [`${count(abstained)} abstained`]),
    ...(errored > 0 ? [`${count(errored)} evaluator errors`] : []),
    ...(notReached > 0 ? [`${count(notReached)} without an output`] : []),
  ];
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function resultsNote({ run, evaluators }: ReportModel): string {
  const smallest = Math.min(...evaluators.flatMap(({ scores }) => scores.map(({ n }) => n)));
  const small =
    smallest < 30 ? ` With as few as n = ${smallest} a score says little: read its interval.` : '';
  const clusters = run.repetitions > 1 ? ' The repetitions of one item count as one cluster.' : '';
  return `Intervals: Wilson for shares, Student's t for means.${clusters}${small}`;
}

function findingsList(findings: readonly Finding[]): readonly string[] {
  if (findings.length === 0) return [];
  return ['**What stands out**', '', ...findings.map((finding) => `- ${sentence(finding)}`)];
}

function sentence(finding: Finding): string {
  switch (finding.kind) {
    case 'field': {
      const { field, value, score, here, elsewhere } = finding;
      return (
        `Where ${markdownCode(field)} is ${markdownCode(value)}, ${markdownCode(score)} passes ` +
        `${percent(here.rate)} (${nOf(here.passed, here.n)}), elsewhere ${percent(elsewhere.rate)} ` +
        `(${nOf(elsewhere.passed, elsewhere.n)}).`
      );
    }
    case 'pair':
      return (
        `${nOf(finding.n, finding.of)} mistakes of ${markdownCode(finding.score)} are ` +
        `${markdownCode(finding.expected)} taken for ${markdownCode(finding.got)}.`
      );
    case 'publication':
      return (
        `⚠️ ${markdownCode(finding.platform)} shows ${nOf(finding.verified, finding.expected)} expected ` +
        `${finding.what}.`
      );
    case 'criterion':
      return (
        `${markdownCode(finding.evaluator)} names “${markdownText(finding.text)}” as failed in ` +
        `${nOf(finding.n, finding.of)} cells that it scored.`
      );
    case 'error': {
      const who =
        finding.phase === 'evaluator'
          ? `evaluator ${markdownCode(finding.evaluator ?? '?')}`
          : finding.phase === 'target'
            ? 'the target'
            : 'skipping';
      return `${nOf(finding.n, finding.of)} planned cells met ${markdownCode(finding.code)} from ${who}.`;
    }
  }
}

function cellsTable({ cells }: ReportModel): readonly string[] {
  const rows = (
    [
      ['ok', cells.ok],
      ['target error', cells.target_error],
      ['evaluator error', cells.evaluator_error],
      ['skipped', cells.skipped],
      ['pending', cells.pending],
    ] as const
  )
    .filter(([name, n]) => n > 0 || name === 'ok')
    .map(([name, n]) => {
      const share = cells.planned === 0 ? 0 : n / cells.planned;
      return [name, count(n), percent(share), n === 0 ? '' : `\`${bar(share)}\``];
    });
  return table(
    [
      { heading: 'Status' },
      { heading: 'Cells', align: 'right' },
      { heading: 'Of planned', align: 'right' },
      { heading: '' },
    ],
    [...rows, ['**planned**', `**${count(cells.planned)}**`, '', '']],
  );
}

function cellsNote({ cells, calls, steadiness }: ReportModel): readonly string[] {
  const notes = [
    `Of the ${counted(cells.ok, 'ok cell')}, ${count(cells.passed)} passed every required score, ` +
      `${count(cells.notPassed)} failed at least one` +
      (cells.ungraded > 0
        ? `, ${count(cells.ungraded)} have no required score that can fail`
        : '') +
      '.',
    ...(steadiness === null
      ? []
      : [
          `Of the ${counted(steadiness.items, 'item')} graded more than once, ` +
            `${count(steadiness.alwaysPassed)} always passed, ${count(steadiness.neverPassed)} never, ` +
            `${count(steadiness.mixed)} sometimes.`,
        ]),
    ...(cells.retries > 0
      ? [
          `${counted(cells.retriedCells, 'cell')} needed ${counted(cells.retries, 'more try', 'more tries')}.`,
        ]
      : []),
    ...(calls.total.replayed > 0
      ? [
          `${counted(calls.total.replayed, 'answer')} came from the call journal instead of a second paid call.`,
        ]
      : []),
    ...(cells.revised > 0
      ? [`${counted(cells.revised, 'cell was', 'cells were')} run again on request.`]
      : []),
    ...(cells.sanitised > 0
      ? [`${counted(cells.sanitised, 'cell')} held text that had to be made well-formed.`]
      : []),
  ];
  return [notes.join(' ')];
}
