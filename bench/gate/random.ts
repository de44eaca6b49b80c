import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** The seed of everything that this bench draws. */
export const gateSeed = 20_261_121;

/** Seeded draws. */
export interface Draws {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  readonly normal: () => number;
}

/** Draws of one run of one load: no two share their numbers. */
export function drawsOf(load: string, run: number): Draws {
  // A hash for each word of the state: seeds that are near each other would begin with much the same numbers.
  const state = [1, 2, 3, 4].map((word) => mixed(`${gateSeed}/${load}/${run}/${word}`));
  const random = xoroshiro128plusFromState(state);
  const uniform = (): number => uniformFloat64(random);
  // Box and Muller (1958); 1 − u is never 0.
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

// FNV-1a, then the finaliser of MurmurHash3 (Austin Appleby, public domain).
function mixed(text: string): number {
  let hash = 0x811c9dc5;
  for (const unit of text) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
