import type { Estimated, Guess } from '../../contracts/estimate.js';
import { isKnown } from './guess.js';

/** What a run makes of one model's calls, and what the provider allows of them. */
export interface LimitedCalls {
  /** For people. */
  readonly model: string;
  readonly calls: Guess;
  /** Of input and output. */
  readonly tokens: Guess;
  readonly requestsPerMinute: number | undefined;
  readonly tokensPerMinute: number | undefined;
}

/**
 * How long a run takes where providers allow only so much: the longer of its own time and of what the tightest limit leaves.
 * A limit alone is no estimate, but it is a least time.
 */
export function limitedTime(own: Guess, models: readonly LimitedCalls[]): Guess {
  const limits = models.flatMap(limitsOf);
  const tightest = limits.reduce<Limit | undefined>(
    (longest, each) =>
      longest === undefined || each.seconds.likely > longest.seconds.likely ? each : longest,
    undefined,
  );
  if (tightest === undefined) return own;
  const { seconds, says } = tightest;
  if (!isKnown(own)) {
    return {
      unknown: `${own.unknown}; ${says} leaves it no less than ${Math.ceil(seconds.low)} s`,
    };
  }
  if (seconds.high <= own.low) return own;
  const most = (end: 'low' | 'likely' | 'high'): number =>
    Math.max(own[end], ...limits.map((each) => each.seconds[end]));
  return {
    low: most('low'),
    likely: most('likely'),
    high: most('high'),
    basis: `${own.basis}; no faster than ${says} allows`,
  };
}

interface Limit {
  readonly seconds: Estimated;
  readonly says: string;
}

function limitsOf(of: LimitedCalls): readonly Limit[] {
  const limit = (use: Guess, perMinute: number | undefined, what: string): readonly Limit[] => {
    if (perMinute === undefined || !isKnown(use)) return [];
    const seconds = (value: number): number => (value / perMinute) * 60;
    const [low, likely, high] = [seconds(use.low), seconds(use.likely), seconds(use.high)];
    const says = `the limit of ${of.model} (${perMinute} ${what} a minute)`;
    return [{ seconds: { low, likely, high, basis: says }, says }];
  };
  return [
    ...limit(of.calls, of.requestsPerMinute, 'calls'),
    ...limit(of.tokens, of.tokensPerMinute, 'tokens'),
  ];
}
