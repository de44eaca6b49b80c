import { sha256 } from '../core/ids/hash.js';
import { wellFormed } from '../core/text/well-formed.js';

const longestSegment = 60;
const longestPath = 300;

/** Names the spans of one attempt by where they stand: below what, under which name, the how-manieth of that name. */
export interface SpanPaths {
  /** @param below the place where code runs (`target`), or the path of the span above. */
  next(below: string, name: string): string;
}

/**
 * Spans get their places in the order in which they begin. The place decides the id, so a second attempt at a cell that does the
 * same gives its spans the same ids, where those of an SDK are random.
 */
export function createSpanPaths(isPlace: (path: string) => boolean): SpanPaths {
  const counts = new Map<string, number>();
  return {
    next(below, name) {
      // No path of ours has this segment: calls stand at `target/call/1`.
      const parent = isPlace(below) ? `${below}/span` : below;
      const plain = `${parent}/${segmentOf(name)}`;
      const count = (counts.get(plain) ?? 0) + 1;
      counts.set(plain, count);
      const path = `${plain}#${count}`;
      if (path.length <= longestPath) return path;
      const place = below.split('/')[0] ?? '';
      return `${place}/span/${sha256(path).slice(0, 32)}`;
    },
  };
}

// Other than by its separators a name says anything.
const segmentOf = (name: string): string =>
  wellFormed(name.slice(0, longestSegment)).text.replaceAll(/[%/#]/gu, encodeURIComponent);
