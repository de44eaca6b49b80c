import type { ObservationView, ScoreView, TraceView } from '../../contracts/trace-view.js';
import { formatPico, picoFromDollars } from '../../core/money/pico.js';
import { count, duration, figure } from '../../core/report/figures.js';
import type { Sink } from '../io/sink.js';
import { readComment } from './score-comment.js';
import { traceTree, type TraceNode } from './trace-tree.js';

const longestExcerpt = 600;
const longestReason = 1_500;

type Paint = Pick<Sink, 'colours' | 'safe'>;

/** A trace for people: the tree of its observations, then its scores with their reasons. */
export function traceText(trace: TraceView, sink: Paint, { io }: { readonly io: boolean }): string {
  const { bold, cyan, dim } = sink.colours;
  const lines = [
    `${bold(sink.safe(trace.name))} ${dim(sink.safe(trace.id))}`,
    cyan(sink.safe(trace.url)),
    '',
  ];
  const trees = traceTree(trace.observations);
  for (const tree of trees) lines.push(...nodeLines(tree, { sink, io, head: '', tail: '' }));
  if (trace.scores.length > 0) {
    lines.push('', bold('Scores'));
    for (const score of trace.scores) lines.push(...scoreLines(score, sink));
  }
  return lines.join('\n');
}

interface Place {
  readonly sink: Paint;
  readonly io: boolean;
  /** What stands before the node's first line, and before all below it. */
  readonly head: string;
  readonly tail: string;
}

function nodeLines(node: TraceNode, place: Place): readonly string[] {
  const { sink, io, head, tail } = place;
  const { observation, children } = node;
  const lines = [`${head}${observationLine(observation, sink)}`];
  const below = `${tail}${children.length > 0 ? '│ ' : '  '}`;
  const trouble = troubleOf(observation);
  if (trouble !== undefined) lines.push(`${below}${sink.colours.red(sink.safe(trouble))}`);
  if (io) {
    for (const part of ['input', 'output'] as const) {
      const text = observation[part];
      if (text === undefined) continue;
      const shown = sink.safe(excerpt(text, longestExcerpt));
      lines.push(`${below}${sink.colours.dim(`${part}:`)} ${shown}`);
    }
  }
  children.forEach((child, index) => {
    const last = index === children.length - 1;
    lines.push(
      ...nodeLines(child, {
        sink,
        io,
        head: `${tail}${last ? '└ ' : '├ '}`,
        tail: `${tail}${last ? '  ' : '│ '}`,
      }),
    );
  });
  return lines;
}

/** `GENERATION target/call/1  812 ms  gpt-4o-mini  412 → 35 tokens  $0.00012  prompt triage v3` */
function observationLine(observation: ObservationView, { colours, safe }: Paint): string {
  const { latencyMs, model, inputTokens, outputTokens, totalCost, promptName } = observation;
  const facts: string[] = [];
  if (latencyMs !== undefined) facts.push(duration(latencyMs));
  if (model !== undefined) facts.push(safe(model));
  if (inputTokens !== undefined || outputTokens !== undefined) {
    facts.push(`${count(inputTokens ?? 0)} → ${count(outputTokens ?? 0)} tokens`);
  }
  if (totalCost !== undefined && Number.isFinite(totalCost)) {
    facts.push(formatPico(picoFromDollars(totalCost)));
  }
  if (promptName !== undefined) {
    const version = observation.promptVersion;
    facts.push(`prompt ${safe(promptName)}${version === undefined ? '' : ` v${version}`}`);
  }
  const name = observation.name === '' ? observation.id : observation.name;
  const head = `${colours.dim(safe(observation.type))} ${colours.bold(safe(name))}`;
  return [head, ...facts].join('  ');
}

function troubleOf({ level, statusMessage }: ObservationView): string | undefined {
  if (level !== 'ERROR' && level !== 'WARNING') return undefined;
  return statusMessage === undefined ? level : `${level}: ${statusMessage}`;
}

function scoreLines(score: ScoreView, { colours, safe }: Paint): readonly string[] {
  const value =
    typeof score.value === 'number'
      ? figure(score.value)
      : typeof score.value === 'string'
        ? safe(score.value)
        : safe(JSON.stringify(score.value));
  const lines = [
    `  ${colours.bold(safe(score.name))} ${value} ${colours.dim(safe(score.dataType))}`,
  ];
  if (score.comment === undefined) return lines;
  const comment = readComment(score.comment);
  const add = (text: string): void => void lines.push(`    ${text}`);
  for (const line of excerpt(comment.reasoning, longestReason).split('\n')) {
    if (line.trim() !== '') add(safe(line));
  }
  for (const item of comment.passed_items) add(`${colours.green('✓')} ${safe(item)}`);
  for (const item of comment.failed_items) add(`${colours.red('✗')} ${safe(item)}`);
  for (const item of comment.suggestions) add(`${colours.cyan('→')} ${safe(item)}`);
  return lines;
}

/** The beginning of a text, and how long it is in all where something was left out. */
function excerpt(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest)}… (${count(text.length)} characters)`;
}
