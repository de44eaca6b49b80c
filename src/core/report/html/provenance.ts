import type { PublicationCounts } from '../../../contracts/records.js';
import { formatPico, picoFromDollars } from '../../money/pico.js';
import { count, counted, nOf } from '../figures.js';
import type { ReportModel, ReportPass } from '../report-model.js';
import { html, joined, type Content, type Markup } from './markup.js';
import { moment } from './hero.js';
import { name, section, table } from './pieces.js';

const mostSources = 20;

/** What was taken over from earlier runs, and what it cost then. */
export function reuseSection({ reuse, cells }: ReportModel): Content {
  if (reuse === null) return null;
  const title = { id: 'reuse', title: 'Taken over from earlier runs' };
  if (reuse.cells === 0) {
    return section(title, html`<p>Nothing could be taken over from earlier runs.</p>`);
  }
  const money = (dollars: string): string => formatPico(picoFromDollars(dollars));
  const from = reuse.sources
    .slice(0, mostSources)
    .map((source) => html`${name(source.experiment)} (${count(source.cells)})`);
  return section(
    { ...title, aside: `${nOf(reuse.cells, cells.planned)} planned cells` },
    html`<p>
      Their outputs were made by
      ${joined(from, ', ')}${
        reuse.otherSources > 0 ? `, others (${count(reuse.otherSources)})` : null
      }
      from the same content: no target was called for them, and their latency is the one that was
      measured then. When they were made, the outputs cost <b>${money(reuse.targetDollars)}</b> and
      the scores <b>${money(reuse.judgeDollars)}</b>${
        reuse.costUnknown > 0
          ? `; of ${counted(reuse.costUnknown, 'output or score', 'outputs and scores')} the cost is unknown`
          : null
      }.
      That is in no cost of this run.
    </p>`,
    table(
      {
        caption: 'What was taken over, by evaluator',
        columns: [
          { heading: 'Evaluator' },
          { heading: 'Scores taken over', kind: 'number' },
          { heading: 'Judged now', kind: 'number' },
        ],
      },
      reuse.evaluators.map(({ name: evaluator, reused, judged }) => [
        name(evaluator),
        { show: nOf(reused, reuse.cells), sort: reused },
        count(judged),
      ]),
    ),
  );
}

const verifyNotes = {
  full: 'Verified: read back from the platform, each record by its expected id.',
  sample: 'Verified: a sample of the records was read back from the platform.',
  off: 'Nothing was read back from the platform: the run was told not to verify.',
} as const;

/** What stands on the platforms, against what should. */
export function publicationSection({ publication, run }: ReportModel): Content {
  if (run.trace === 'none') {
    const aside = 'Nothing of this run was published, by choice: its trace was none.';
    return section({ id: 'platforms', title: 'On the platforms', aside }, null);
  }
  if (publication.length === 0) return null;
  return section(
    { id: 'platforms', title: 'On the platforms', aside: verifyNotes[run.verify] },
    table(
      {
        caption: 'Records on the platforms',
        columns: [
          { heading: 'Platform' },
          { heading: 'Traces', kind: 'number' },
          { heading: 'Scores', kind: 'number' },
          { heading: 'Scores of the run', kind: 'number' },
          { heading: 'Duplicates', kind: 'number' },
          { heading: 'Sent again', kind: 'number' },
          { heading: 'Takeovers', kind: 'number' },
          { heading: 'Refused', kind: 'number' },
        ],
      },
      publication.map((row) => publicationRow(row, run.verify !== 'off')),
    ),
  );
}

function publicationRow(row: PublicationCounts, verified: boolean) {
  return [
    name(row.platform),
    records([verified ? row.verifiedTraces : row.sentTraces, row.expectedTraces]),
    records([verified ? row.verifiedScores : row.sentScores, row.expectedScores]),
    verified ? records([row.verifiedRunScores, row.expectedRunScores]) : '—',
    count(row.duplicateSpans),
    count(row.ambiguousResends),
    count(row.takeovers),
    count(row.refused),
  ];
}

function records([n, of]: readonly [n: number, of: number]): Content {
  return n < of ? html`<b class="warn">! ${nOf(n, of)}</b>` : nOf(n, of);
}

/** What was done to the run after its end. */
export function passSection({ run }: ReportModel): Content {
  if (run.passes.length === 0) return null;
  return section(
    {
      id: 'passes',
      title: 'What was done after its end',
      aside: 'All figures are of the cells as they are now.',
    },
    table(
      {
        caption: 'What was done after the end of the run',
        columns: [
          { heading: 'Pass', kind: 'number' },
          { heading: 'When' },
          { heading: 'What', kind: 'plain' },
          { heading: 'Status after' },
        ],
      },
      run.passes.map((pass) => [
        String(pass.pass),
        moment(pass.startedAt),
        passText(pass),
        pass.statusAfter.replaceAll('_', ' '),
      ]),
    ),
  );
}

function passText(pass: ReportPass): Markup {
  const { kind, cells, done, evaluators, repetitions, repaired, deleted, notDeleted } = pass;
  const cellsText = done === cells ? counted(cells, 'cell') : `${nOf(done, cells)} cells`;
  const gone =
    deleted + notDeleted === 0
      ? null
      : `; ${nOf(deleted, deleted + notDeleted)} replaced records deleted on the platforms`;
  switch (kind) {
    case 'retry':
      return html`${cellsText} that had failed run again${gone}`;
    case 'rejudge':
      return html`${cellsText} judged again by
      ${joined(
        evaluators.map((each) => name(each.name)),
        ', ',
      )}${gone}`;
    case 'extend':
      return html`repetitions raised from ${repetitions?.before ?? '?'} to
      ${repetitions?.after ?? '?'} (${cellsText} run)`;
    case 'verify':
      return html`the platforms were read
      again${repaired ? ', and what they did not show was sent again' : null}`;
  }
}
