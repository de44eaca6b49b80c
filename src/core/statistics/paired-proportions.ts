import type { DiscordantCounts } from './binomial.js';
import type { Interval } from './interval.js';
import { normalQuantile } from './normal.js';

/**
 * Tango's score interval of the difference of two proportions of the same items (head − base): the differences that a score
 * test with the restricted maximum likelihood estimate does not reject. It keeps its coverage for few items, and without
 * any change it says ± z²/(n + z²), where the textbook interval would have no width.
 *
 * Source: Tango (1998), "Equivalence test and confidence interval for the difference in proportions for the paired-sample
 * design"; recommended by Fagerland, Lydersen and Laake (2014).
 *
 * @returns undefined where n is 0.
 * @throws RangeError where more items changed than there are.
 */
export function tangoInterval(
  of: DiscordantCounts & { readonly n: number; readonly confidence: number },
): Interval | undefined {
  const { worse, better, n, confidence } = of;
  if (!(worse >= 0 && better >= 0 && worse + better <= n)) {
    throw new RangeError('more items changed than there are');
  }
  if (n === 0) return undefined;
  const z = normalQuantile(0.5 + confidence / 2);
  const high = upperEnd({ worse, better }, { n, z });
  const low = -upperEnd({ worse: better, better: worse }, { n, z });
  return { low, high, confidence };
}

interface Score {
  readonly n: number;
  readonly z: number;
}

// The score falls as the difference grows, so that bisection finds the one place where it is −z.
function upperEnd(counts: DiscordantCounts, { n, z }: Score): number {
  let low = (counts.better - counts.worse) / n;
  let high = 1;
  if (low >= 1) return 1;
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (scoreAt(middle, counts, n) > -z) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function scoreAt(difference: number, { worse, better }: DiscordantCounts, n: number): number {
  const discordance =
    difference >= 0
      ? restrictedDiscordance(difference, { worse, better }, n)
      : restrictedDiscordance(-difference, { worse: better, better: worse }, n);
  const variance = n * Math.max(0, discordance - difference * difference);
  return (better - worse - n * difference) / Math.sqrt(variance);
}

/**
 * The share of items that change, at its most likely under a given difference >= 0: 2q + difference, where q, the share that
 * becomes worse, is the root of 2n·q² − B·q − worse·difference·(1 − difference) = 0 (Tango 1998, equation 6).
 */
function restrictedDiscordance(difference: number, of: DiscordantCounts, n: number): number {
  const { worse, better } = of;
  const b = worse + better - difference * (2 * n + worse - better);
  const c = worse * difference * (1 - difference);
  const root = Math.sqrt(b * b + 8 * n * c);
  // The form without a difference of near numbers.
  const q = b >= 0 ? (b + root) / (4 * n) : (2 * c) / (root - b);
  return 2 * q + difference;
}
