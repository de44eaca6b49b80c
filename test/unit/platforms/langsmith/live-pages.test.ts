import { describe, expect, it } from '@jest/globals';

import { livePages, type ListPlace } from '../../../../src/platforms/langsmith/live-pages.js';

/** A list of a live project, the newest first, and what others do to it between two reads of a page. */
function liveList(length: number, meanwhile: (reads: number) => void) {
  const old = Array.from({ length }, (_, at) => `old ${at}`);
  let gone = 0;
  let arrived = 0;
  let reads = 0;
  return {
    old,
    arrive: (count: number): void => {
      arrived += count;
    },
    /** The newest of those that stood at the beginning. */
    remove: (count: number): void => {
      gone += count;
    },
    reads: () => reads,
    read: ({ limit, offset }: { readonly limit: number; readonly offset: number }) => {
      reads += 1;
      if (reads > 20_000) throw new Error('The reading does not end.');
      const here = Math.max(arrived - offset, 0);
      const page = [
        ...Array.from({ length: Math.min(here, limit) }, (_, at) => `new ${here - at}`),
        ...old.slice(gone + Math.max(offset - arrived, 0)),
      ].slice(0, limit);
      meanwhile(reads);
      return Promise.resolve(page);
    },
  };
}

type Live = Pick<ReturnType<typeof liveList>, 'read'>;

async function readAll({ read }: Live, from?: ListPlace): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for await (const { rows } of livePages(read, { idOf: (row) => row, from })) {
    for (const row of rows) seen.add(row);
  }
  return seen;
}

/** As a move whose slices end after each page, and which keeps its place as text. */
async function readInSlices({ read }: Live): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for (let from: ListPlace | undefined; ;) {
    const page = await livePages(read, { idOf: (row: string) => row, from }).next();
    if (page.done === true) return seen;
    for (const row of page.value.rows) seen.add(row);
    if (page.value.next === undefined) return seen;
    from = JSON.parse(JSON.stringify(page.value.next)) as ListPlace;
  }
}

const missing = (list: { readonly old: readonly string[] }, seen: ReadonlySet<string>) =>
  list.old.filter((row) => !seen.has(row));

describe('a list that grows while it is read', () => {
  it.each([
    ['at once', readAll],
    ['a slice for each page', readInSlices],
  ])('%s: ends where 150 rows come in between all pages, and loses none', async (_, readBy) => {
    const list = liveList(1_000, () => {
      list.arrive(150);
    });
    expect(missing(list, await readBy(list))).toEqual([]);
  });

  it.each([
    ['at once', readAll],
    ['a slice for each page', readInSlices],
  ])('%s: ends where rows come in faster than they are read, and unevenly', async (_, readBy) => {
    const list = liveList(1_000, (reads) => {
      list.arrive(100 + ((reads * 7_919) % 1_500));
    });
    expect((await readBy(list)).size).toBeGreaterThan(0);
  });

  it.each([120, 230, 1_200])('goes on where it was after a wait in which %d came', async (lump) => {
    const list = liveList(3_000, (reads) => {
      if (reads === 20) list.arrive(lump);
    });
    expect(missing(list, await readInSlices(list))).toEqual([]);
    // Thirty-four pages, and a search.
    expect(list.reads()).toBeLessThan(60);
  });

  it('loses none where its place was lost again and again by uneven arrivals, which then end', async () => {
    const list = liveList(1_000, (reads) => {
      if (reads < 200) list.arrive(reads % 5 === 0 ? 2_000 : 0);
    });
    expect(missing(list, await readInSlices(list))).toEqual([]);
  });
});

describe('a list that shrinks while it is read', () => {
  it.each([5, 60, 400])('loses none where %d before our place are deleted', async (gone) => {
    const list = liveList(1_000, (reads) => {
      if (reads === 8) list.remove(gone);
    });
    expect([...(await readAll(list))]).toEqual(list.old);
  });

  it('is read from its beginning where all rows of our place are deleted', async () => {
    const list = liveList(1_000, (reads) => {
      if (reads === 5) list.remove(460);
    });
    expect([...(await readAll(list))]).toEqual(list.old);
  });
});

it('a place that a build before noted is gone on from', async () => {
  const list = liveList(1_000, () => undefined);
  const before = list.old.slice(900, 910);
  expect([...(await readAll(list, { offset: 900, before }))]).toEqual(list.old.slice(900));
  expect(list.reads()).toBe(2);
});
