/** Names that were asked for, as they are or as patterns: `*` stands for any text, `?` for one character. */
export interface NameFilter {
  /** Whether the name was asked for; it counts as found then. */
  readonly takes: (name: string) => boolean;
  /** What was asked for and found nowhere yet. */
  readonly missing: () => readonly string[];
}

/** A filter of these names; without any it takes all. `missing` are those that were not found before, default all. */
export function nameFilter(
  names: readonly string[] | undefined,
  missing: readonly string[] = names ?? [],
): NameFilter {
  const open = new Set(missing);
  return {
    takes(name) {
      if (names === undefined) return true;
      let taken = false;
      // Each of them is found by it, and not the first alone.
      for (const pattern of names) {
        if (!matches(pattern, name)) continue;
        taken = true;
        open.delete(pattern);
      }
      return taken;
    },
    missing: () => [...open],
  };
}

/** In time of the product of both lengths, whatever the pattern: a regular expression of many stars is not. */
function matches(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  let [at, from, star, mark] = [0, 0, -1, 0];
  while (at < name.length) {
    if (from < pattern.length && (pattern[from] === '?' || pattern[from] === name[at])) {
      if (pattern[from] !== '*') {
        at += 1;
        from += 1;
        continue;
      }
    }
    if (pattern[from] === '*') {
      star = from;
      mark = at;
      from += 1;
    } else if (star >= 0) {
      from = star + 1;
      mark += 1;
      at = mark;
    } else {
      return false;
    }
  }
  while (pattern[from] === '*') from += 1;
  return from === pattern.length;
}
