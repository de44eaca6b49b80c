import type { PromptBody, PromptContent } from '../../contracts/prompt.js';
import { changedValues, type ChangedValue } from '../json/changed-values.js';
import { isObject, type Json } from '../json/json.js';

/** Where two contents differ, for machines; none where they are equal. */
export function promptDifferences(
  before: PromptContent,
  after: PromptContent,
): readonly ChangedValue[] {
  const bodies = changedValues(bodyJson(before.body), bodyJson(after.body));
  return [
    ...bodies.map((each) => (each.at === '' ? { ...each, at: 'body' } : each)),
    ...changedValues(before.config, after.config, 'config'),
  ];
}

const bodyJson = (body: PromptBody): Json =>
  body.kind === 'text'
    ? { kind: 'text', text: body.text }
    : { kind: 'chat', messages: body.messages as unknown as readonly Json[] };

/** A content as lines that people read: messages with their roles, then the config. */
export function promptLines({ body, config }: PromptContent): readonly string[] {
  const messages =
    body.kind === 'text'
      ? body.text.split('\n')
      : body.messages.flatMap((message) =>
          'placeholder' in message
            ? [`--- placeholder ${message.placeholder} ---`]
            : [`--- ${message.role} ---`, ...message.content.split('\n')],
        );
  if (Object.keys(config).length === 0) return messages;
  return [
    ...messages,
    '--- config ---',
    ...JSON.stringify(sorted(config), undefined, 2).split('\n'),
  ];
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map((each) => sorted(each as Json));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

/** A line of a diff. */
export interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** A group of changes with the lines around it; line numbers from 1. */
export interface DiffHunk {
  readonly before: { readonly start: number; readonly count: number };
  readonly after: { readonly start: number; readonly count: number };
  readonly lines: readonly DiffLine[];
}

/** Past this many pairs of lines the middle is shown as one change: the table would take seconds and hundreds of megabytes. */
const mostPairs = 4_000_000;

/**
 * The changes between two texts by lines: a longest common subsequence between what is equal at both ends.
 *
 * @param context lines shown around each change. Default 3.
 */
export function diffLines(
  before: readonly string[],
  after: readonly string[],
  context = 3,
): readonly DiffHunk[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail += 1;
  }
  const middle = changed(
    before.slice(head, before.length - tail),
    after.slice(head, after.length - tail),
  );
  const same = (text: string): DiffLine => ({ sign: ' ', text });
  const all = [
    ...before.slice(0, head).map(same),
    ...middle,
    ...before.slice(before.length - tail).map(same),
  ];
  return hunks(all, context);
}

function changed(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const gone = (text: string): DiffLine => ({ sign: '-', text });
  const come = (text: string): DiffLine => ({ sign: '+', text });
  if (before.length * after.length > mostPairs) return [...before.map(gone), ...after.map(come)];
  const width = after.length + 1;
  // The length of the longest common subsequence of what follows (i, j).
  const longest = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const was = before[i];
    const is = after[j];
    if (was !== undefined && is !== undefined && was === is) {
      lines.push({ sign: ' ', text: was });
      i += 1;
      j += 1;
    } else if (was !== undefined && (is === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(gone(was));
      i += 1;
    } else if (is !== undefined) {
      lines.push(come(is));
      j += 1;
    }
  }
  return lines;
}

function hunks(all: readonly DiffLine[], context: number): readonly DiffHunk[] {
  const changes = all.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]));
  const ranges: [number, number][] = [];
  for (const index of changes) {
    const last = ranges.at(-1);
    const from = Math.max(0, index - context);
    const to = Math.min(all.length, index + context + 1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else ranges.push([from, to]);
  }
  let at = 0;
  let was = 1;
  let is = 1;
  return ranges.map(([from, to]) => {
    was += from - at;
    is += from - at;
    const lines = all.slice(from, to);
    const count = (not: '-' | '+'): number => lines.filter(({ sign }) => sign !== not).length;
    const hunk = {
      before: { start: was, count: count('+') },
      after: { start: is, count: count('-') },
      lines,
    };
    was += hunk.before.count;
    is += hunk.after.count;
    at = to;
    return hunk;
  });
}

/** Hunks as a unified diff, one text per line. */
export function unifiedDiff(
  names: { readonly before: string; readonly after: string },
  hunksOf: readonly DiffHunk[],
): readonly string[] {
  if (hunksOf.length === 0) return [];
  const range = ({ start, count }: DiffHunk['before']): string =>
    `${count === 0 ? start - 1 : start}${count === 1 ? '' : `,${count}`}`;
  return [
    `--- ${names.before}`,
    `+++ ${names.after}`,
    ...hunksOf.flatMap(({ before, after, lines }) => [
      `@@ -${range(before)} +${range(after)} @@`,
      ...lines.map(({ sign, text }) => `${sign}${text}`),
    ]),
  ];
}
