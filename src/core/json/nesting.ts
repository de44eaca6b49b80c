/**
 * How deep a JSON value may nest. What reads and writes JSON is recursive here, in Postgres and on platforms; a value that
 * is deeper ends them with an exhausted stack, somewhere far from where it came in.
 */
export const deepestNesting = 500;

/** Whether a value nests deeper than so many levels of arrays and objects; one that holds itself does. Not recursive. */
export function nestsDeeperThan(value: unknown, levels: number): boolean {
  const open: [value: unknown, depth: number][] = [[value, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [inner, depth] = next;
    if (typeof inner !== 'object' || inner === null) continue;
    if (depth === levels) return true;
    for (const member of Object.values(inner)) {
      if (typeof member === 'object' && member !== null) open.push([member, depth + 1]);
    }
  }
  return false;
}
