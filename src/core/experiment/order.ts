/**
 * The seeded random order in which the cells of a run are started, without a list of cells in memory: a plan
 * that streams pages of items asks for each cell's position as it passes by.
 *
 * Source: a Feistel network is a bijection whatever its round function is, and cycle walking restricts a
 * bijection of a larger domain to [0, n) (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
 * It decides an order and hides nothing: do not use it as a cipher.
 */

const rounds = 8;
// A network over very small halves reaches few permutations; cycle walking through 256 values costs nothing.
const fewestHalfBits = 4;
const mostHalfBits = 26;
/** The most cells of one run that can be ordered: 2^52, where doubles still count exactly. */
const mostCells = 2 ** (2 * mostHalfBits);

/** What decides the order. */
export interface CellOrder {
  /** A whole number; equal seeds give equal orders. */
  readonly seed: number;
  /** How many cells there are, 1 to 2^52. */
  readonly cells: number;
}

// Looked up once: inside a vm context (Jest, the workflow sandbox) each look-up of a global is slow.
const { imul, floor } = Math;

// The finaliser of MurmurHash3 (Austin Appleby, public domain): each input bit reaches each output bit.
function mix(value: number): number {
  let hash = value | 0;
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function roundKeys(order: CellOrder): readonly number[] {
  const high = Math.floor(order.seed / 2 ** 32);
  let state = mix(order.seed ^ mix(high ^ 0x9e3779b9));
  return Array.from({ length: rounds }, (_, round) => {
    state = (state + 0x9e3779b9) | 0;
    return mix(state ^ mix(round + 1));
  });
}

function halfBits(cells: number): number {
  let bits = fewestHalfBits;
  while (2 ** (2 * bits) < cells) bits += 1;
  return bits;
}

/**
 * The order as a function from a cell's index to its position, both in [0, cells). Constant memory; at most
 * four steps per cell on average (for fewer than 64 cells some more).
 *
 * @throws RangeError where seed or cells are no such whole numbers, or an index is outside [0, cells).
 */
export function createCellOrder(order: CellOrder): (index: number) => number {
  if (!Number.isSafeInteger(order.seed)) throw new RangeError('seed is not a whole number');
  if (!Number.isSafeInteger(order.cells) || order.cells < 1 || order.cells > mostCells) {
    throw new RangeError(`cells is not a whole number from 1 to ${mostCells}`);
  }
  const size = 2 ** halfBits(order.cells);
  const mask = size - 1;
  const keys = roundKeys(order);
  return (index) => {
    if (!Number.isSafeInteger(index) || index < 0 || index >= order.cells) {
      throw new RangeError(`index is not a whole number in [0, ${order.cells})`);
    }
    let value = index;
    // The walk ends: the bijection's cycle through `index` comes back to it, and `index` is inside.
    do {
      let left = floor(value / size);
      let right = value % size;
      for (const key of keys) {
        const next = (left ^ (mix(right ^ key) & mask)) >>> 0;
        left = right;
        right = next;
      }
      value = left * size + right;
    } while (value >= order.cells);
    return value;
  };
}

/**
 * The position of one cell in the seeded order: a bijection on [0, cells). For many cells of one run make the
 * function once with {@link createCellOrder}.
 *
 * @throws RangeError as {@link createCellOrder}.
 */
export function cellPosition(cell: CellOrder & { readonly index: number }): number {
  return createCellOrder(cell)(cell.index);
}
