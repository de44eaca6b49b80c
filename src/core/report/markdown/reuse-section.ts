import { formatPico, picoFromDollars } from '../../money/pico.js';
import { markdownCellCode, markdownCode } from '../../text/escape/markdown.js';
import { count, counted, nOf, percent } from '../figures.js';
import type { ReportModel, ReuseReport } from '../report-model.js';
import { blocks, table } from './table.js';

/** What was taken over from earlier runs, by evaluator, and what it cost then. */
export function reuseSection({ reuse, cells }: ReportModel): readonly string[] {
  if (reuse === null || reuse.cells === 0) return [];
  return blocks(
    ['## Taken over from earlier runs'],
    [
      `${nOf(reuse.cells, cells.planned)} planned cells have an output that an earlier run made of the same content; no ` +
        'target was called for them, and their latency is the one that was measured then.',
    ],
    table(
      [
        { heading: 'Evaluator' },
        { heading: 'Scores taken over', align: 'right' },
        { heading: 'Judged now', align: 'right' },
      ],
      reuse.evaluators.map(({ name, reused, judged }) => [
        markdownCellCode(name),
        nOf(reused, reuse.cells),
        count(judged),
      ]),
    ),
    [costNote(reuse)],
  );
}

function costNote({ targetDollars, judgeDollars, costUnknown }: ReuseReport): string {
  const money = (dollars: string): string => formatPico(picoFromDollars(dollars));
  const unknown =
    costUnknown > 0
      ? `; of ${counted(costUnknown, 'output or score', 'outputs and scores')} the cost is unknown`
      : '';
  return (
    `When they were made, the outputs cost ${money(targetDollars)} and the scores ${money(judgeDollars)}${unknown}. ` +
    'That is in no cost of this run.'
  );
}

/** The strata of a sample: how much of each was run. */
export function sampleSection({ run }: ReportModel): readonly string[] {
  const { sample } = run.dataset;
  if (sample?.by === undefined || sample.strata === undefined) return [];
  return blocks(
    ['## The sample'],
    [`Strata by ${markdownCode(sample.by)}, each with its share, drawn with seed ${sample.seed}.`],
    table(
      [
        { heading: 'Stratum' },
        { heading: 'Items', align: 'right' },
        { heading: 'In the sample', align: 'right' },
        { heading: 'Share', align: 'right' },
      ],
      sample.strata.map(({ key, of, items }) => [
        key === '' ? '*without a value*' : markdownCellCode(key),
        count(of),
        count(items),
        percent(items / of),
      ]),
    ),
  );
}
