import type { Verdict } from '../../contracts/gate-protocol.js';
import type { LaterPass } from '../../contracts/report/comparison.js';
import type { Comparison, EvaluatorComparison, IdList } from '../regression/types.js';
import { count, counted, figure, itemsText, percent } from '../report/figures.js';
import { driftLine } from '../report/markdown/anchor-section.js';
import { markdownCellCode, markdownCode, markdownText } from '../text/escape/markdown.js';
import { boundedText } from './bounded.js';
import {
  differenceText,
  growthText,
  marginText,
  meanText,
  probabilityText,
} from './figure-text.js';
import type { GateReport, GateReportSide } from './gate-report.js';
import { laterPassText } from './later-pass.js';

const marks: Readonly<Record<Verdict, string>> = { pass: '✅', regress: '❌', inconclusive: '❔' };

/** More rows than this help nobody in a comment, which may have 65,536 characters. */
const mostRows = 40;
const mostIds = 20;
const mostReasons = 12;

/**
 * A verdict as GitHub-flavoured markdown, short enough for a comment on a pull request. All that users, models and platforms
 * named is escaped: nothing in it links, mentions anybody or is HTML.
 *
 * @param before the first pass that gave the head other scores since.
 */
export function gateMarkdown(report: GateReport, before?: LaterPass): string {
  const { verdict, head, base, comparison } = report;
  const lines = [
    `## ${marks[verdict]} Gate: ${verdict}`,
    '',
    ...(before === undefined ? [] : [`**${laterPassText(before)}**`, '']),
    `Head ${sideText(head)} against ${sideText(base)}, dataset ${markdownCode(report.dataset)}: ` +
      `${counted(comparison.items.common, 'common item')}.`,
    '',
    ...comparison.reasons.slice(0, mostReasons).map((reason) => `- ${markdownText(reason)}`),
    '',
    ...scoreTable(comparison),
    ...growthTable(comparison),
    ...sliceTable(comparison),
    ...judgeLines(report),
    ...itemLines(report),
    ...noteLines(report),
    `<sub>${footnote(comparison)}</sub>`,
  ];
  return boundedText(lines);
}

function sideText({ kind, name, run, target }: GateReportSide): string {
  const what =
    kind === 'baseline'
      ? `baseline ${markdownCode(name)} (run ${markdownCode(run)})`
      : `run ${markdownCode(run)}`;
  return `${what} of target ${markdownCode(target)}`;
}

function scoreTable({ evaluators, confidence, items }: Comparison): readonly string[] {
  if (evaluators.length === 0) return [];
  const shown = evaluators.slice(0, mostRows);
  return [
    `| Score | Verdict | Items | Base | Head | Difference (${figure(confidence * 100)} % interval) | Margin | p |`,
    '| --- | --- | ---: | ---: | ---: | --- | ---: | ---: |',
    ...shown.map((each) => `| ${scoreCells(each, items.common).join(' | ')} |`),
    ...more(evaluators.length - shown.length, 'score'),
    '',
  ];
}

function scoreCells(each: EvaluatorComparison, common: number): readonly string[] {
  const { name, required, better, verdict, margin, test } = each;
  const informs = required ? '' : ' (informs)';
  const lower = better === 'lower' ? ' (lower is better)' : '';
  return [
    `${markdownCellCode(name)}${lower}`,
    `${marks[verdict]} ${verdict}${informs}`,
    itemsText(each.items, common),
    meanText(each.base, each.kind),
    meanText(each.head, each.kind),
    differenceText(each, each.kind),
    marginText(margin, each.kind),
    test === null ? '—' : probabilityText(test.pAdjusted ?? test.p).replace('<', '&lt;'),
  ];
}

function growthTable({ growth, items }: Comparison): readonly string[] {
  if (growth.length === 0) return [];
  return [
    '| Per cell | Verdict | Items | Base | Head | Change | Margin |',
    '| --- | --- | ---: | ---: | ---: | --- | ---: |',
    ...growth.map((each) => {
      const { base, head, change } = growthText(each);
      const informs = each.required ? '' : ' (informs)';
      const verdict = `${marks[each.verdict]} ${each.verdict}${informs}`;
      return `| ${each.what} | ${verdict} | ${itemsText(each.items, items.common)} | ${base} | ${head} | ${change} | +${percent(each.margin)} |`;
    }),
    '',
  ];
}

/** Slices that are worse: with the others a table of fifty values would hide them. */
function sliceTable({ evaluators, slices }: Comparison): readonly string[] {
  const worse = evaluators.flatMap((each) =>
    each.slices
      .filter(({ verdict }) => verdict === 'regress')
      .map((slice) => ({ name: each.name, kind: each.kind, slice })),
  );
  const unknown = slices
    .filter((each) => each.unknown)
    .map(({ key }) => `No common item has a value at ${markdownCode(key)}.`);
  if (worse.length === 0) return unknown.length === 0 ? [] : [...unknown, ''];
  const shown = worse.slice(0, mostRows);
  return [
    ...unknown,
    ...(unknown.length === 0 ? [] : ['']),
    '| Slice that is worse | Score | Items | Difference |',
    '| --- | --- | ---: | --- |',
    ...shown.map(
      ({ name, kind, slice }) =>
        `| ${markdownCellCode(slice.key)} = ${markdownCellCode(slice.value)} | ${markdownCellCode(name)} | ` +
        `${count(slice.items)} | ${differenceText(slice, kind)} |`,
    ),
    ...more(worse.length - shown.length, 'slice'),
    '',
  ];
}

/** How much of a change is the judge. */
function judgeLines({ judges }: GateReport): readonly string[] {
  const lines = judges
    .slice(0, mostReasons)
    .map(({ evaluator, ...drift }) => driftLine(evaluator, drift));
  return lines.length === 0 ? [] : [...lines, ''];
}

const more = (n: number, what: string): readonly string[] =>
  n > 0 ? ['', `and ${counted(n, `more ${what}`)}`] : [];

function itemLines({ comparison, changedItems }: GateReport): readonly string[] {
  const { items, evaluators, growth } = comparison;
  const lines = [
    ...idLine('New in the head, not compared', items.new),
    ...idLine('Missing in the head', items.missing),
    ...idLine('Changed since the base, not compared', changedItems),
    ...evaluators
      .filter(({ required }) => required)
      .flatMap(({ name, unscored }) => [
        ...idLine(`Without a score of ${markdownCode(name)} in the head`, unscored.head),
        ...idLine(`Without a score of ${markdownCode(name)} in the base`, unscored.base),
        ...countLine(`Without a score of ${markdownCode(name)} on either side`, unscored.both),
      ]),
    ...growth.flatMap(({ what, unmeasured }) => [
      ...countLine(`Without a known ${what} in the head`, unmeasured.head),
      ...countLine(`Without a known ${what} in the base`, unmeasured.base),
    ]),
  ];
  return lines.length === 0 ? [] : [...lines, ''];
}

const countLine = (what: string, n: number): readonly string[] =>
  n === 0 ? [] : [`- ${what}: ${counted(n, 'item')}`];

function idLine(what: string, { n, ids }: IdList): readonly string[] {
  if (n === 0) return [];
  const shown = ids.slice(0, mostIds).map(markdownCode).join(', ');
  const rest = n > mostIds ? ` and ${count(n - mostIds)} more` : '';
  return [`- ${what}: ${counted(n, 'item')} (${shown}${rest})`];
}

function noteLines({ stale, notes }: GateReport): readonly string[] {
  const lines = [
    ...stale.map(({ at, message }) => `- Stale base: ${markdownCode(at)} ${markdownText(message)}`),
    ...notes.slice(0, mostRows).map((note) => `- ${markdownText(note)}`),
  ];
  return lines.length === 0 ? [] : [...lines, ''];
}

function footnote({ alpha, power, evaluators, cluster }: Comparison): string {
  const needed = evaluators.filter(
    ({ required, verdict, itemsNeeded }) =>
      required && verdict === 'inconclusive' && itemsNeeded !== null,
  );
  const most = Math.max(0, ...needed.map(({ itemsNeeded }) => itemsNeeded ?? 0));
  const toKnow =
    most === 0
      ? ''
      : ` To know, about ${count(Math.ceil(most))} items are needed (power ${percent(power)}).`;
  const clustered = cluster === null ? '' : ` Items are clustered by ${markdownCode(cluster.key)}.`;
  return (
    `Higher is better in every difference. Pass: the loss is within the margin; regress: worse at α = ${figure(alpha)} ` +
    `after Holm; else inconclusive.${clustered}${toKnow}`
  );
}
