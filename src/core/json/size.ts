import type { Json } from './json.js';

/** About how many characters a JSON value has as text, without writing it. Not recursive. */
export function jsonSize(value: Json): number {
  const open: Json[] = [value];
  let size = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') size += next.length + 2;
    else if (typeof next !== 'object' || next === null) size += 6;
    else {
      for (const [key, member] of Object.entries(next)) {
        size += key.length + 4;
        open.push(member);
      }
    }
  }
  return size;
}
