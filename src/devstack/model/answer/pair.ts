import { judge } from './judge.js';
import type { PromptMessage } from './prompt.js';
import type { Sections } from './sections.js';

/** Two results that a prompt asks to compare. */
export interface Pair {
  readonly first: string;
  readonly second: string;
}

/** What came of a comparison. */
export interface PairVerdict {
  readonly preferred: 'first' | 'second' | 'tie';
  readonly reasoning: string;
}

const block = /<(first|second)((?:-[\w-]{1,40})?)>\n?([\s\S]*?)\n?<\/\1\2>/g;

/** The results between tags called `first` and `second` (with a code behind the name, or without). */
export const pairIn = (messages: readonly PromptMessage[]): Pair | undefined => {
  const found = new Map<string, string>();
  for (const { role, text } of messages) {
    if (role !== 'user') continue;
    for (const [, name = '', , body = ''] of text.matchAll(block)) found.set(name, body);
  }
  const [first, second] = [found.get('first'), found.get('second')];
  return first === undefined || second === undefined ? undefined : { first, second };
};

/** So near to each other the two are too close to call, and the judge takes the one that it read first. */
const close = 0.08;

/**
 * Compares two results by how well each meets the rubric. Where they are close it prefers the first, as models do: asked in
 * both orders it contradicts itself.
 */
export const comparePair = (pair: Pair, parts: Sections, nudge: () => number): PairVerdict => {
  const [first, second] = [pair.first, pair.second].map((output) =>
    pair.first === pair.second ? 0 : judge({ ...parts, output }, nudge).score,
  );
  const ahead = (first ?? 0) - (second ?? 0);
  if (pair.first === pair.second) return { preferred: 'tie', reasoning: 'Both say the same.' };
  if (Math.abs(ahead) < close) {
    return { preferred: 'first', reasoning: 'They are close; the first reads a little better.' };
  }
  return ahead > 0
    ? { preferred: 'first', reasoning: 'The first meets more of the criteria.' }
    : { preferred: 'second', reasoning: 'The second meets more of the criteria.' };
};
