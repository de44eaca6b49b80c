import { dropUnusedKeys, readKeys, writeKeys } from '../store/governor/keys.js';
import type { Store } from '../store/store.js';
import type { MeetingPlace } from './governor-sync.js';

/** Workers that meet in Postgres. */
export function meetInStore(store: Store): MeetingPlace {
  // Not the pool of the long statements: behind a slow read a lease would run out.
  const on = store.journal;
  return {
    read: (keys) => readKeys(on, keys),
    write: (changes) => writeKeys(on, changes),
  };
}

/** Drops what was learned of keys that nobody has used for a week. */
export async function dropUnused(store: Store): Promise<number> {
  return dropUnusedKeys(store);
}

/** Governors of one process that meet in memory: for a process that is alone, and for simulations. */
export function createMeetingMap(now: () => number): MeetingPlace {
  const rows = new Map<string, { version: number; text: string }>();
  return {
    read: (keys) =>
      Promise.resolve({
        now: now(),
        rows: keys.map(({ key }) => {
          const row = rows.get(key);
          return {
            key,
            version: row?.version ?? 0,
            state: row === undefined ? undefined : (JSON.parse(row.text) as unknown),
            concurrency: undefined,
          };
        }),
      }),
    write(changes) {
      const written = changes.filter(
        ({ key, version }) => (rows.get(key)?.version ?? 0) === version,
      );
      for (const { key, version, state } of written) {
        rows.set(key, { version: version + 1, text: JSON.stringify(state) });
      }
      return Promise.resolve(new Set(written.map(({ key }) => key)));
    },
  };
}
