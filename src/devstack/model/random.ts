/** A source of numbers in [0, 1). */
export type Random = () => number;

/** mulberry32 (public domain, T. Ettinger): tiny, and the same on every machine for one seed. */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** FNV-1a over UTF-16 units, 32 bits: a seed or a bucket from a text, never for security. */
export const hashText = (text: string, basis = 0x811c9dc5): number => {
  let hash = basis >>> 0;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
};
