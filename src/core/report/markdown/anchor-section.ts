import { formatPico, picoFromDollars } from '../../money/pico.js';
import { markdownCellCode, markdownCode, markdownText } from '../../text/escape/markdown.js';
import { counted, figure, figureInterval, nOf, percent, percentInterval } from '../figures.js';
import type { AnchorReport, JudgeDrift, ReportModel } from '../report-model.js';
import { blocks, table } from './table.js';

/** How many anchors a list names. */
const mostNamed = 10;

/** How the judges did on cases with known verdicts: what moved there is the judge and not the target. */
export function anchorSection({ anchors }: ReportModel): readonly string[] {
  if (anchors.length === 0) return [];
  return blocks(
    ['## The judges themselves'],
    [
      'Each judge was asked about its anchors, fixed cases with known verdicts. They are in no other figure of this report.',
    ],
    table(
      [
        { heading: 'Judge' },
        { heading: 'As people do', align: 'right' },
        { heading: '95 % interval', align: 'right' },
        { heading: 'Mean score', align: 'right' },
        { heading: 'Since', align: 'left' },
      ],
      anchors.map(row),
    ),
    anchors.flatMap(notes),
  );
}

function row(report: AnchorReport): readonly string[] {
  const { evaluator, agreement, meanScore, judged, disagreements, since } = report;
  return [
    markdownCellCode(evaluator),
    agreement.value === null
      ? '—'
      : `${nOf(judged - disagreements.length, judged)} (${percent(agreement.value)})`,
    agreement.value === null || agreement.interval === null
      ? '—'
      : percentInterval(agreement.interval),
    meanScore.value === null ? '—' : figure(meanScore.value),
    since === null ? 'no earlier run asked them' : markdownCellCode(since.experiment),
  ];
}

function notes(report: AnchorReport): readonly string[] {
  const { evaluator, agreement, planned, judged, abstained, errors, notApplicable } = report;
  const name = markdownCode(evaluator);
  const left = (
    [
      ['abstained', abstained],
      ['errors', errors],
      ['not applicable', notApplicable],
    ] as const
  ).flatMap(([what, n]) => (n === 0 ? [] : [`${n} ${what}`]));
  const cost =
    report.costDollars === null
      ? 'at an unknown cost'
      : `for ${formatPico(picoFromDollars(report.costDollars))}, in no cost above or below`;
  const lines = [
    `- ${name}: ${nOf(judged, planned)} anchors judged${left.length === 0 ? '' : ` (${left.join(', ')})`} with ${counted(report.calls, 'call')} ${cost}.`,
  ];
  if (agreement.value === null) {
    lines.push(`- ${name}: the agreement cannot be computed because ${agreement.because}.`);
  }
  if (report.disagreements.length > 0) {
    lines.push(
      `- ${name} judges otherwise than people: ${named(
        report.disagreements.map(
          ({ id, expected, score }) =>
            `${markdownCode(id)} (${figure(score)}, should ${expected ? 'pass' : 'fail'})`,
        ),
      )}.`,
    );
  }
  for (const { id, reason } of report.missing.slice(0, 3)) {
    lines.push(`- ${name} gave no verdict on ${markdownCode(id)}: ${markdownText(reason)}`);
  }
  if (report.since !== null) lines.push(driftLine(evaluator, report.since));
  return lines;
}

/** How much of a change is the judge. */
export function driftLine(
  evaluator: string,
  { experiment, sameJudge, difference, flips }: JudgeDrift,
): string {
  const name = markdownCode(evaluator);
  const judge = sameJudge ? 'the same model and prompt' : '**another model or prompt than then**';
  const run = markdownCode(experiment);
  if (difference.value === null) {
    return `- ${name} cannot be compared with ${run} because ${difference.because}.`;
  }
  const { value, interval, n } = difference;
  const sign = value > 0 ? '+' : '';
  const range = interval === null ? '' : ` (${figureInterval(interval)})`;
  const flipped =
    flips.length === 0
      ? 'no verdict flipped'
      : `flipped: ${named(flips.map(({ id, after }) => `${markdownCode(id)} (now ${after ? 'passes' : 'fails'})`))}`;
  return (
    `- ${name} since ${run}, ${judge}: ${sign}${figure(value)}${range} on the same ${counted(n, 'anchor')}; ${flipped}. ` +
    'So much of a change of its scores between the two runs is the judge.'
  );
}

function named(texts: readonly string[]): string {
  const more = texts.length - mostNamed;
  return `${texts.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
