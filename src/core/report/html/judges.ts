import { formatPico, picoFromDollars } from '../../money/pico.js';
import {
  count,
  counted,
  figure,
  figureInterval,
  nOf,
  percent,
  percentInterval,
} from '../figures.js';
import type { AnchorReport, JudgeDrift, ReportModel } from '../report-model.js';
import { html, joined, type Content, type Markup } from './markup.js';
import { name, prose, section, table } from './pieces.js';

/** How many anchors a list names. */
const mostNamed = 10;

/** How the judges did on cases with known verdicts: what moved there is the judge and not the target. */
export function judgeSection({ anchors }: ReportModel): Content {
  if (anchors.length === 0) return null;
  return section(
    {
      id: 'judges',
      title: 'The judges themselves',
      aside:
        'Each was asked about its anchors: fixed cases with known verdicts, in no other figure.',
    },
    table(
      {
        caption: 'Judges on their anchors',
        columns: [
          { heading: 'Judge' },
          { heading: 'As people do', kind: 'number' },
          { heading: '95 % interval', kind: 'plain' },
          { heading: 'Mean score', kind: 'number' },
          { heading: 'Since' },
          { heading: 'Moved by', kind: 'number' },
        ],
      },
      anchors.map(row),
    ),
    html`<ul>
      ${anchors.flatMap(notes).map((note) => html`<li>${note}</li> `)}
    </ul>`,
  );
}

function row(report: AnchorReport) {
  const { evaluator, agreement, meanScore, judged, disagreements, since } = report;
  const agreed = agreement.value;
  return [
    name(evaluator),
    agreed === null
      ? { show: '—', sort: -1 }
      : {
          show: `${nOf(judged - disagreements.length, judged)} (${percent(agreed)})`,
          sort: agreed,
        },
    agreed === null || agreement.interval === null ? '—' : percentInterval(agreement.interval),
    { show: meanScore.value === null ? '—' : figure(meanScore.value), sort: meanScore.value ?? -1 },
    since === null ? 'no earlier run asked them' : name(since.experiment),
    moved(since),
  ];
}

function moved(since: JudgeDrift | null): Content {
  const by = since?.difference.value;
  return by === undefined || by === null ? '—' : signed(by);
}

const signed = (value: number): string =>
  value === 0 ? '0' : `${value > 0 ? '+' : '−'}${figure(Math.abs(value))}`;

function notes(report: AnchorReport): readonly Markup[] {
  const { evaluator, agreement, disagreements, missing, since } = report;
  const judge = name(evaluator);
  return [
    askedNote(report),
    ...(agreement.value === null
      ? [html`${judge}: the agreement cannot be computed because ${prose(agreement.because)}.`]
      : []),
    ...(disagreements.length === 0
      ? []
      : [
          html`${judge} judges otherwise than people:
          ${named(
            disagreements.map(
              ({ id, expected, score }) =>
                html`${name(id)} (${figure(score)}, should ${expected ? 'pass' : 'fail'})`,
            ),
          )}.`,
        ]),
    ...missing
      .slice(0, 3)
      .map(({ id, reason }) => html`${judge} gave no verdict on ${name(id)}: ${prose(reason)}`),
    ...(since === null ? [] : [driftNote(evaluator, since)]),
  ];
}

function askedNote(report: AnchorReport): Markup {
  const { evaluator, planned, judged, abstained, errors, notApplicable, calls } = report;
  const left = (
    [
      ['abstained', abstained],
      ['errors', errors],
      ['not applicable', notApplicable],
    ] as const
  ).flatMap(([what, n]) => (n === 0 ? [] : [`${count(n)} ${what}`]));
  const cost =
    report.costDollars === null
      ? 'at an unknown cost'
      : `for ${formatPico(picoFromDollars(report.costDollars))}, in no cost elsewhere`;
  return html`${name(evaluator)}: ${nOf(judged, planned)} anchors
  judged${left.length === 0 ? null : ` (${left.join(', ')})`} with ${counted(calls, 'call')}
  ${cost}.`;
}

/** How much of a change is the judge. */
export function driftNote(
  evaluator: string,
  { experiment, sameJudge, difference, flips }: JudgeDrift,
): Markup {
  const judge = name(evaluator);
  const run = name(experiment);
  if (difference.value === null) {
    return html`${judge} cannot be compared with ${run} because ${prose(difference.because)}.`;
  }
  const { value, interval, n } = difference;
  const whose = sameJudge
    ? html`the same model and prompt`
    : html`<b>another model or prompt than then</b>`;
  const flipped =
    flips.length === 0
      ? html`no verdict flipped`
      : html`flipped:
        ${named(flips.map(({ id, after }) => html`${name(id)} (now ${after ? 'passes' : 'fails'})`))}`;
  return html`${judge} since ${run}, ${whose}:
  ${signed(value)}${interval === null ? null : ` (${figureInterval(interval)})`} on the same
  ${counted(n, 'anchor')}; ${flipped}. So much of a change of its scores between the two runs is the
  judge.`;
}

function named(all: readonly Markup[]): Markup {
  const more = all.length - mostNamed;
  return html`${joined(all.slice(0, mostNamed), ', ')}${more > 0 ? ` and ${count(more)} more` : null}`;
}
