/** Which words of two texts differ, for two panes beside each other. */

/** A stretch of one text; `changed` where the other does not have it there. */
export interface Stretch {
  readonly text: string;
  readonly changed: boolean;
}

export interface TextDiff {
  readonly left: readonly Stretch[];
  readonly right: readonly Stretch[];
}

/** Beyond this many words the search would take seconds for a page of failures. */
const mostTokens = 1_200;
const mostEdits = 500;
/** With less than this share of words in common, marks are only noise. */
const leastAlike = 0.15;

/**
 * The difference of two texts in words. Undefined where they are too long or too different to be marked usefully.
 *
 * Source: Myers (1986), "An O(ND) Difference Algorithm and Its Variations", the greedy one.
 */
export function diffWords(left: string, right: string): TextDiff | undefined {
  const a = tokensOf(left);
  const b = tokensOf(right);
  if (a.length > mostTokens || b.length > mostTokens) return undefined;
  const pairs = commonPairs(a, b);
  if (pairs === undefined) return undefined;
  const keptA = new Uint8Array(a.length);
  const keptB = new Uint8Array(b.length);
  for (const [i, j] of pairs) {
    keptA[i] = 1;
    keptB[j] = 1;
  }
  const words = (tokens: readonly string[], kept?: Uint8Array): number =>
    tokens.reduce(
      (sum, token, i) => sum + (isWord(token) && kept?.[i] !== 0 ? token.length : 0),
      0,
    );
  const shorter = Math.min(words(a), words(b));
  if (shorter > 0 && words(a, keptA) / shorter < leastAlike) return undefined;
  return { left: stretches(a, keptA), right: stretches(b, keptB) };
}

const isWord = (token: string): boolean => /[\p{L}\p{N}]/u.test(token);

/** Words, white space, and each sign for itself; scripts without spaces in signs too. */
function tokensOf(text: string): readonly string[] {
  return (
    text.match(
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}\p{M}_]+|\s+|[^\p{L}\p{N}\p{M}_\s]/gu,
    ) ?? []
  );
}

/** The pairs of places of a longest common subsequence, or undefined past the number of edits. */
function commonPairs(
  a: readonly string[],
  b: readonly string[],
): readonly (readonly [number, number])[] | undefined {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  ) {
    end += 1;
  }
  const middle = myers(a.slice(start, a.length - end), b.slice(start, b.length - end));
  if (middle === undefined) return undefined;
  return [
    ...Array.from({ length: start }, (_, i) => [i, i] as const),
    ...middle.map(([i, j]) => [i + start, j + start] as const),
    ...Array.from({ length: end }, (_, i) => [a.length - end + i, b.length - end + i] as const),
  ];
}

function myers(
  a: readonly string[],
  b: readonly string[],
): readonly (readonly [number, number])[] | undefined {
  const most = Math.min(a.length + b.length, mostEdits);
  const offset = most + 1;
  const furthest = new Int32Array(2 * most + 3);
  const history: Int32Array[] = [];
  for (let d = 0; d <= most; d += 1) {
    for (let k = -d; k <= d; k += 2) {
      let x = startOf({ furthest, offset, k, d });
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      furthest[offset + k] = x;
      if (x >= a.length && x - k >= b.length) {
        return backtrack({ history, offset, ends: [a.length, b.length] });
      }
    }
    history.push(furthest.slice(offset - d - 1, offset + d + 2));
  }
  return undefined;
}

function startOf(at: {
  readonly furthest: Int32Array;
  readonly offset: number;
  readonly k: number;
  readonly d: number;
}): number {
  const { furthest, offset, k, d } = at;
  const below = furthest[offset + k - 1] ?? 0;
  const above = furthest[offset + k + 1] ?? 0;
  if (d === 0) return 0;
  return k === -d || (k !== d && below < above) ? above : below + 1;
}

/** Walks the furthest points back from the end; each diagonal step is a pair. */
function backtrack(at: {
  readonly history: readonly Int32Array[];
  readonly offset: number;
  readonly ends: readonly [number, number];
}): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let [x, y] = at.ends;
  for (let d = at.history.length; d > 0; d -= 1) {
    // What was kept of step d − 1 is centred on its own middle.
    const furthest = at.history[d - 1] ?? new Int32Array();
    const centre = d;
    const k = x - y;
    const down =
      k === -d || (k !== d && (furthest[centre + k - 1] ?? 0) < (furthest[centre + k + 1] ?? 0));
    const before = down ? k + 1 : k - 1;
    const fromX = furthest[centre + before] ?? 0;
    const fromY = fromX - before;
    while (x > fromX && y > fromY) pairs.push([--x, --y]);
    x = fromX;
    y = fromY;
  }
  while (x > 0 && y > 0) pairs.push([--x, --y]);
  return pairs.reverse();
}

/** Tokens as stretches; signs and blanks between two changes are taken into them, so that marks do not flicker. */
function stretches(tokens: readonly string[], kept: Uint8Array): readonly Stretch[] {
  const found: { text: string; changed: boolean }[] = [];
  for (const [i, token] of tokens.entries()) {
    const changed = kept[i] === 0;
    const last = found.at(-1);
    if (last?.changed === changed) last.text += token;
    else found.push({ text: token, changed });
  }
  const calm: { text: string; changed: boolean }[] = [];
  for (const [i, { text, changed }] of found.entries()) {
    const inside = i > 0 && i < found.length - 1;
    const now = changed || (inside && text.length <= 2 && !isWord(text) && !text.includes('\n'));
    const last = calm.at(-1);
    if (last?.changed === now) last.text += text;
    else calm.push({ text, changed: now });
  }
  return calm;
}
