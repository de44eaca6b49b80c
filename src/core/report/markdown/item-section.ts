import { markdownCellCode, markdownLink, markdownText } from '../../text/escape/markdown.js';
import { cutText } from '../excerpt.js';
import { count, figure, nOf, percent } from '../figures.js';
import type { FlakyItem, ItemScore, ReportModel, WorstItem } from '../report-model.js';
import { blocks, table } from './table.js';

/** How many items a table lists; the JSON and the page hold 50. */
const mostItems = 15;
const mostScores = 4;
const mostMarks = 10;
const longestDescription = 80;

/** The items that came out worst, and those whose repetitions do not agree. */
export function itemSections(model: ReportModel): readonly string[] {
  return blocks(worstPart(model), flakyPart(model));
}

function worstPart({ worstItems }: ReportModel): readonly string[] {
  const shown = worstItems.slice(0, mostItems);
  return shown.length === 0
    ? []
    : blocks(
        ['## Worst items'],
        [`The ${count(shown.length)} with the most errors and failed scores.`],
        table(
          [
            { heading: 'Item' },
            { heading: 'Errors', align: 'right' },
            { heading: 'Verdicts failed', align: 'right' },
            { heading: 'Mean', align: 'right' },
            { heading: 'Failed scores' },
          ],
          shown.map((item) => [
            itemCell(item),
            nOf(item.errors, item.cells),
            item.graded === 0 ? '—' : nOf(item.failed, item.graded),
            item.mean === null ? '—' : figure(item.mean),
            scoresCell(item.scores),
          ]),
        ),
      );
}

function flakyPart({ flaky, steadiness }: ReportModel): readonly string[] {
  if (flaky === null || steadiness === null || flaky.mixed === 0) return [];
  const shown = flaky.worst.slice(0, mostItems);
  const which =
    shown.length < flaky.mixed
      ? ` Shown are the ${count(shown.length)} nearest to a coin toss.`
      : '';
  return blocks(
    [`## Flaky items — ${nOf(flaky.mixed, flaky.items)} graded more than once`],
    [
      `${nOf(flaky.mixed, flaky.items)} items (${percent(flaky.mixed / flaky.items)}) passed in some repetitions only; ` +
        `${nOf(flaky.otherOutputs, flaky.items)} gave more than one different output. Where outputs are equal and verdicts are ` +
        `not, it is the judge that wavers.${which}`,
    ],
    table(
      [
        { heading: 'Item' },
        { heading: 'Repetitions' },
        { heading: 'Passed', align: 'right' },
        { heading: 'Different outputs', align: 'right' },
        { heading: 'Scores that changed' },
      ],
      shown.map((item) => [
        itemCell(item),
        marks(item),
        nOf(item.passed, item.graded),
        count(item.outputs),
        scoresCell(item.scores),
      ]),
    ),
  );
}

function itemCell(item: WorstItem | FlakyItem): string {
  const { itemId, description, traceUrl } = item;
  const trace = traceUrl === null ? '' : ` ${markdownLink('trace', traceUrl)}`;
  if (description === null) return `${markdownCellCode(itemId)}${trace}`;
  const cut = cutText(description, longestDescription);
  const more = cut.length < description.length ? '…' : '';
  return `${markdownCellCode(itemId)} ${markdownText(cut)}${more}${trace}`;
}

function scoresCell(scores: readonly ItemScore[]): string {
  const shown = scores
    .slice(0, mostScores)
    .map(({ name, graded, passed }) =>
      graded === 1
        ? markdownCellCode(name)
        : `${markdownCellCode(name)} (${nOf(passed, graded)} passed)`,
    );
  const more = scores.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
}

function marks({ outcomes, graded }: FlakyItem): string {
  const shown = outcomes.slice(0, mostMarks).map((passed) => (passed ? '✓' : '✗'));
  return `${shown.join(' ')}${shown.length < graded ? ' …' : ''}`;
}
