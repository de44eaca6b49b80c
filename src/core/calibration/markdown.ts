import { count, figure, figureInterval, nOf, percent, percentInterval } from '../report/figures.js';
import { blocks, table } from '../report/markdown/table.js';
import { markdownCellCode, markdownCode, markdownText } from '../text/escape/markdown.js';
import type { CalibrationDocument, CalibrationReport } from './calibration-report.js';
import type { Figure } from './figure.js';

/** The calibration of a run as GitHub-flavoured markdown; all text of users and models is escaped. */
export function renderCalibration(document: CalibrationDocument): string {
  const { experiment, dataset, manifestHash, status, judges } = document;
  const lines = blocks(
    ['# How well the judge agrees with people'],
    [
      `Run ${markdownCode(experiment)} over the labelled set ${markdownCode(dataset.name)} ` +
        `(${count(dataset.items)} items, content ${dataset.itemsHash.slice(0, 12)}), ` +
        `manifest ${manifestHash.slice(0, 12)}, ${status.replaceAll('_', ' ')}.`,
    ],
    ...judges.map(judgeSection),
  );
  return `${lines.join('\n')}\n`;
}

function judgeSection(report: CalibrationReport): readonly string[] {
  const { judge, counts, confusion, labels } = report;
  const asked = judge.model === null ? '' : `, model ${markdownCode(judge.model)}`;
  const prompt = judge.prompt === null ? '' : `, prompt ${judge.prompt.slice(0, 12)}`;
  const left = (
    [
      ['abstained', counts.abstained],
      ['ended in an error', counts.errors],
      ['do not apply', counts.notApplicable],
      ['were not reached', counts.notReached],
      ['have no label', counts.unlabelled],
      ['have a label that does not fit this judge', counts.otherKind],
    ] as const
  ).filter(([, n]) => n > 0);
  return blocks(
    [`## ${markdownCode(judge.name)}`],
    [
      `${judge.kind === 'pairwise' ? 'Compares two outputs' : 'Judges one output'}${asked}${prompt}; passes from ${figure(judge.passAt)} on.`,
    ],
    [
      `Judged ${nOf(counts.judged, counts.planned)} items${left.map(([what, n]) => `; ${count(n)} ${what}`).join('')}.`,
    ],
    table(
      [
        { heading: 'Figure' },
        { heading: 'Value', align: 'right' },
        { heading: '95 % interval', align: 'right' },
        { heading: 'n', align: 'right' },
      ],
      calibrationFigures(report).map(({ name, figure: shown, rate }) =>
        figureRow(name, shown, rate),
      ),
    ),
    ['Rows: what people said. Columns: what the judge said.'],
    table(
      [
        { heading: 'People' },
        ...labels.map(({ label }) => ({ heading: markdownText(label), align: 'right' as const })),
      ],
      labels.map(({ label: human }) => [
        markdownCellCode(human),
        ...labels.map(({ label }) =>
          count(confusion.find((each) => each.human === human && each.judge === label)?.n ?? 0),
        ),
      ]),
    ),
  );
}

/** The figures of a calibration in the order in which people read them. */
export function calibrationFigures(report: CalibrationReport): readonly {
  readonly name: string;
  readonly figure: Figure;
  /** A share, shown in per cent. */
  readonly rate: boolean;
}[] {
  const pairwise = report.judge.kind === 'pairwise';
  const { position, gradeDifference } = report;
  return [
    {
      name: pairwise ? 'TPR: prefers the output where people do' : 'TPR: passes what people pass',
      figure: report.truePositiveRate,
      rate: true,
    },
    {
      name: pairwise ? 'TNR: prefers the other where people do' : 'TNR: fails what people fail',
      figure: report.trueNegativeRate,
      rate: true,
    },
    { name: 'Agreement', figure: report.agreement, rate: true },
    { name: "Cohen's kappa", figure: report.kappa, rate: false },
    {
      name: pairwise
        ? 'Length bias: beyond people, towards the longer'
        : 'Length bias: excess on long over short outputs',
      figure: report.lengthBias,
      rate: false,
    },
    ...(gradeDifference === null
      ? []
      : [{ name: "Judge's score less people's grade", figure: gradeDifference, rate: false }]),
    ...(position === null
      ? []
      : [
          {
            name: 'Position bias: verdicts that change with the order',
            figure: position.changed,
            rate: true,
          },
          {
            name: 'Of those, the first place won',
            figure: position.firstPreferred,
            rate: true,
          },
        ]),
  ];
}

/** A figure's value and interval as texts. */
export function figureTexts(
  shown: Figure,
  rate: boolean,
): { readonly value: string; readonly interval: string; readonly n: string } {
  if (shown.value === null) {
    return { value: '—', interval: `cannot be computed because ${shown.because}`, n: '—' };
  }
  const { interval, note, n } = shown;
  return {
    value: rate ? percent(shown.value) : figure(shown.value),
    interval:
      interval === null
        ? `none: ${note ?? 'not known'}`
        : rate
          ? percentInterval(interval)
          : figureInterval(interval),
    n: count(n),
  };
}

function figureRow(name: string, shown: Figure, rate: boolean): readonly string[] {
  const { value, interval, n } = figureTexts(shown, rate);
  // Our own words all of them: labels come from a closed list.
  return [name, value, interval, n];
}
