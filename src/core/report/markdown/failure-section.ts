import {
  markdownCellCode,
  markdownCode,
  markdownFence,
  markdownLink,
  markdownText,
} from '../../text/escape/markdown.js';
import { cutText } from '../excerpt.js';
import { count, counted, duration, nOf, percent } from '../figures.js';
import type {
  ErrorGroup,
  Excerpt,
  FailureExample,
  FailurePattern,
  FailureReport,
  ReportModel,
} from '../report-model.js';
import { blocks, table } from './table.js';

const mostExamples = 50;
const mostPatterns = 25;
const longestBody = 800;
// Up to this length an answer reads better in the line than in a block of its own.
const longestInline = 100;

/** What failed and why: patterns first, then the worst examples of each. */
export function failureSections(model: ReportModel): readonly string[] {
  return blocks(failurePart(model.failures), errorPart(model));
}

function failurePart(failures: FailureReport): readonly string[] {
  if (failures.graded === 0 && failures.criteria.length === 0) return [];
  const title = `## Failed evaluations — ${nOf(failures.cells, failures.graded)} graded cells`;
  if (failures.cells === 0 && failures.criteria.length === 0) {
    return [title, '', 'No required score failed.'];
  }
  return blocks(
    [title],
    failures.cells === 0 ? ['No required score failed.'] : patternTable(failures),
    linesTable('Criteria that failed most often', failures.criteria),
    linesTable('Suggestions that came most often', failures.suggestions),
    failures.cells === 0
      ? []
      : ['The worst examples of each pattern stand at the end of this report.'],
  );
}

function patternTable(failures: FailureReport): readonly string[] {
  const shown = failures.patterns.slice(0, mostPatterns);
  const rest = failures.patterns
    .slice(mostPatterns)
    .reduce((sum, { n }) => sum + n, failures.otherCells);
  const rows = shown.map((pattern, i) => [
    String(i + 1),
    pattern.scores.map(markdownCellCode).join(' + '),
    pattern.pair === null
      ? '—'
      : `${markdownCellCode(pattern.pair.expected)} → ${markdownCellCode(pattern.pair.got)}`,
    count(pattern.n),
    percent(pattern.n / failures.cells),
  ]);
  return table(
    [
      { heading: '#', align: 'right' },
      { heading: 'Failed scores' },
      { heading: 'Expected → got' },
      { heading: 'Cells', align: 'right' },
      { heading: 'Of failed', align: 'right' },
    ],
    rest === 0
      ? rows
      : [...rows, ['', '*other patterns*', '', count(rest), percent(rest / failures.cells)]],
  );
}

function linesTable(title: string, lines: FailureReport['criteria']): readonly string[] {
  const shown = lines.slice(0, 10);
  if (shown.length === 0) return [];
  return [
    `**${title}**`,
    '',
    ...table(
      [{ heading: 'Evaluator' }, { heading: 'What' }, { heading: 'Cells', align: 'right' }],
      shown.map(({ evaluator, text, n }) => [
        markdownCellCode(evaluator),
        markdownText(text),
        count(n),
      ]),
    ),
  ];
}

/** The worst failed cells of each pattern: long, and so at the end. */
export function exampleSection({ failures }: ReportModel): readonly string[] {
  const chosen = shareOut(failures.patterns, mostExamples);
  if (chosen.length === 0) return [];
  const shown = chosen.reduce((sum, { examples }) => sum + examples.length, 0);
  const all =
    shown < failures.cells
      ? `${nOf(shown, failures.cells)} failed cells are shown, the worst of each pattern first; the CSV holds all.`
      : 'All failed cells, the worst of each pattern first.';
  return blocks(
    ['## Failed cells'],
    [all],
    ...chosen.map(({ pattern, number, examples }) =>
      blocks([patternTitle(pattern, number)], ...examples.map(examplePart)),
    ),
  );
}

interface Chosen {
  readonly pattern: FailurePattern;
  readonly number: number;
  readonly examples: readonly FailureExample[];
}

/** Examples for as many patterns as possible: the first of each before the second of any. */
function shareOut(patterns: readonly FailurePattern[], most: number): readonly Chosen[] {
  const taken = patterns.map(() => 0);
  let left = most;
  for (let round = 0; left > 0 && patterns.some((p) => p.examples.length > round); round += 1) {
    for (const [i, pattern] of patterns.entries()) {
      if (left > 0 && pattern.examples.length > round) {
        taken[i] = round + 1;
        left -= 1;
      }
    }
  }
  return patterns.flatMap((pattern, i) => {
    const some = pattern.examples.slice(0, taken[i]);
    return some.length === 0 ? [] : [{ pattern, number: i + 1, examples: some }];
  });
}

function patternTitle({ scores, pair, n }: FailurePattern, number: number): string {
  const what = pair === null ? '' : `: ${markdownCode(pair.expected)} → ${markdownCode(pair.got)}`;
  const names = scores.map(markdownCode).join(' + ');
  return `### ${number}. ${names} failed${what} — ${counted(n, 'cell')}`;
}

function examplePart(example: FailureExample): readonly string[] {
  const { itemId, repetition, traceId, traceUrl, latencyMs, description } = example;
  const trace =
    traceUrl !== null
      ? ` · ${markdownLink('trace', traceUrl)}`
      : traceId === ''
        ? ''
        : ` · trace ${markdownCode(traceId)}`;
  const which = repetition > 1 ? ` (repetition ${repetition})` : '';
  const about = description === null ? '' : ` — ${markdownText(description)}`;
  return blocks(
    [`**${markdownCode(itemId)}**${which}${about}${trace} · ${duration(latencyMs)}`],
    body('Input', example.input),
    example.output === null ? ['Output: none'] : body('Output', example.output),
    example.expected === null ? [] : body('Expected', example.expected),
    example.metadata === null ? [] : [`Metadata: ${inline(example.metadata)}`],
    example.scores.flatMap(scoreLines),
  );
}

function inline({ text }: Excerpt): string {
  const oneLine = text.replace(/\s+/g, ' ');
  return markdownCode(cutText(oneLine, 200) + (oneLine.length > 200 ? '…' : ''));
}

function body(title: string, { text, length }: Excerpt): readonly string[] {
  if (length <= longestInline && !text.includes('\n')) return [`${title}: ${markdownCode(text)}`];
  const shown = cutText(text, longestBody);
  const cut = shown.length < length ? ` (the first ${nOf(shown.length, length)} characters)` : '';
  const info = /^[[{]/.test(text) ? 'json' : '';
  return [`${title}${cut}:`, '', markdownFence(shown, info)];
}

function scoreLines(score: FailureExample['scores'][number]): readonly string[] {
  const reasoning =
    score.reasoning === null || score.reasoning.text.trim() === ''
      ? ''
      : ` — ${markdownText(score.reasoning.text)}`;
  return [
    `- ${markdownCode(score.name)} = ${markdownCode(score.value)}${reasoning}`,
    ...score.failedItems.map((text) => `  - failed: ${markdownText(text)}`),
    ...score.suggestions.map((text) => `  - suggestion: ${markdownText(text)}`),
  ];
}

function errorPart({ errors, cells }: ReportModel): readonly string[] {
  if (errors.length === 0) return [];
  return blocks(
    [`## Errors`],
    table(
      [
        { heading: 'Where' },
        { heading: 'Code' },
        { heading: 'What' },
        { heading: 'Cells', align: 'right' },
      ],
      errors
        .slice(0, mostPatterns)
        .map((group) => [
          place(group),
          markdownCellCode(group.code),
          markdownText(group.title),
          nOf(group.n, cells.planned),
        ]),
    ),
    ...errors.slice(0, mostPatterns).map(errorExamples),
  );
}

function place({ phase, evaluator }: ErrorGroup): string {
  if (phase !== 'evaluator') return phase;
  return evaluator === null ? 'evaluator' : `evaluator ${markdownCellCode(evaluator)}`;
}

function errorExamples(group: ErrorGroup): readonly string[] {
  return [
    `**${markdownCode(group.code)}** from ${place(group)}`,
    '',
    ...group.messages.map(({ text, n }) => `- ${count(n)} × ${markdownText(text)}`),
    `- for example ${group.examples
      .map(({ itemId, traceUrl }) =>
        traceUrl === null
          ? markdownCode(itemId)
          : `${markdownCode(itemId)} (${markdownLink('trace', traceUrl)})`,
      )
      .join(', ')}`,
  ];
}
