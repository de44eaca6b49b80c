import type { GateReport } from '../../client/gate.js';
import type { Verdict } from '../../contracts/gate-protocol.js';
import {
  differenceText,
  growthText,
  marginText,
  meanText,
  probabilityText,
} from '../../core/gate/figure-text.js';
import { counted, itemsText, percent } from '../../core/report/figures.js';
import type { Sink } from '../io/sink.js';
import { renderTable } from '../io/table.js';

/** What a verdict is for a pipeline: 10 regress, 11 inconclusive, next to the codes of errors. */
export function verdictExitCode({
  verdict,
  policy,
}: Pick<GateReport, 'verdict' | 'policy'>): number {
  switch (verdict) {
    case 'pass':
      return 0;
    case 'regress':
      return 10;
    case 'inconclusive':
      return policy.inconclusive === 'pass' ? 0 : 11;
  }
}

const mostReasons = 12;

/** A verdict as people read it at a terminal: what it is, why, and the scores. */
export function gateText(report: GateReport, sink: Sink): string {
  const { safe, colours } = sink;
  const { comparison, head, base, notes, stale } = report;
  const colour: Readonly<Record<Verdict, (text: string) => string>> = {
    pass: colours.green,
    regress: colours.red,
    inconclusive: colours.yellow,
  };
  const against = base.kind === 'baseline' ? `baseline ${base.name}` : base.name;
  const lines = [
    `${colours.bold(colour[report.verdict](report.verdict))}: ${safe(head.run)} against ${safe(against)}, ` +
      counted(comparison.items.common, 'common item'),
    ...comparison.reasons.slice(0, mostReasons).map((reason) => `  ${safe(reason)}`),
    ...stale.map(({ at, message }) => `  Stale base: ${safe(at)} ${safe(message)}`),
    ...notes.map((note) => `  ${safe(note)}`),
    ...unscoredLines(report, sink),
  ];
  const tables = [scoreTable(report, sink), growthTable(report)].filter((table) => table !== '');
  return [lines.join('\n'), ...tables].join('\n\n');
}

/** What the figures are not about: a verdict on 150 of 1,000 items must not read as one on all. */
function unscoredLines({ comparison }: GateReport, { safe }: Sink): readonly string[] {
  const line = (n: number, what: string): readonly string[] =>
    n === 0 ? [] : [`  ${counted(n, 'item')} without ${what}`];
  return [
    ...comparison.evaluators.flatMap(({ name, unscored }) => [
      ...line(unscored.head.n, `a score of ${safe(name)} in the head`),
      ...line(unscored.base.n, `a score of ${safe(name)} in the base`),
      ...line(unscored.both, `a score of ${safe(name)} on either side`),
    ]),
    ...comparison.growth.flatMap(({ what, unmeasured }) => [
      ...line(unmeasured.head, `a known ${what} in the head`),
      ...line(unmeasured.base, `a known ${what} in the base`),
    ]),
  ];
}

function scoreTable({ comparison }: GateReport, { safe }: Sink): string {
  if (comparison.evaluators.length === 0) return '';
  return renderTable(
    [
      { heading: 'Score' },
      { heading: 'Verdict' },
      { heading: 'Items', align: 'right' },
      { heading: 'Base', align: 'right' },
      { heading: 'Head', align: 'right' },
      { heading: 'Difference' },
      { heading: 'Margin', align: 'right' },
      { heading: 'p', align: 'right' },
    ],
    comparison.evaluators.map((each) => [
      safe(each.name),
      `${each.verdict}${each.required ? '' : ' (informs)'}`,
      itemsText(each.items, comparison.items.common),
      meanText(each.base, each.kind),
      meanText(each.head, each.kind),
      differenceText(each, each.kind),
      marginText(each.margin, each.kind),
      each.test === null ? '—' : probabilityText(each.test.pAdjusted ?? each.test.p),
    ]),
  );
}

function growthTable({ comparison }: GateReport): string {
  if (comparison.growth.length === 0) return '';
  return renderTable(
    [
      { heading: 'Per cell' },
      { heading: 'Verdict' },
      { heading: 'Items', align: 'right' },
      { heading: 'Base', align: 'right' },
      { heading: 'Head', align: 'right' },
      { heading: 'Change' },
      { heading: 'Margin', align: 'right' },
    ],
    comparison.growth.map((each) => {
      const { base, head, change } = growthText(each);
      const items = itemsText(each.items, comparison.items.common);
      return [each.what, each.verdict, items, base, head, change, `+${percent(each.margin)}`];
    }),
  );
}
