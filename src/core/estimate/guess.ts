import type { Estimated, Guess } from '../../contracts/estimate.js';

export const isKnown = (guess: Guess): guess is Estimated => 'likely' in guess;

/** The sum of guesses; unknown where one of them is, since a part of a sum is no total. */
export function sumOf(guesses: readonly Guess[]): Guess {
  const unknown = guesses.flatMap((guess) => (isKnown(guess) ? [] : [guess.unknown]));
  if (unknown.length > 0) return { unknown: [...new Set(unknown)].join('; ') };
  const known = guesses.filter(isKnown);
  const add = (of: (guess: Estimated) => number): number =>
    known.reduce((sum, guess) => sum + of(guess), 0);
  return {
    low: add(({ low }) => low),
    likely: add(({ likely }) => likely),
    high: add(({ high }) => high),
    basis: [...new Set(known.map(({ basis }) => basis))].join('; '),
  };
}

/** So many times a guess. */
export function times(guess: Guess, factor: Guess): Guess {
  if (!isKnown(guess)) return guess;
  if (!isKnown(factor)) return factor;
  return {
    low: guess.low * factor.low,
    likely: guess.likely * factor.likely,
    high: guess.high * factor.high,
    basis: guess.basis,
  };
}

export const exactly = (value: number, basis: string): Estimated => ({
  low: value,
  likely: value,
  high: value,
  basis,
});
