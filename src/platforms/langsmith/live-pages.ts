import { pageSize, type ReadPage } from './pages.js';

/** How far a list was read that others write to meanwhile: the rows before the place, by which is seen whether it still is that place. */
export interface ListPlace {
  readonly offset: number;
  readonly before: readonly string[];
  /** How often the place was lost, and the list read from its beginning. Default 0. */
  readonly returns?: number | undefined;
  /** Of a list that is read unchecked: where reading ends at the latest. */
  readonly most?: number | undefined;
}

/** So many rows of a page are read again with the next one: as many may be deleted before it without a further request. */
const overlap = 10;
const stride = pageSize - overlap;

/** After so many returns to the beginning we go on unchecked: another would be lost as well. */
const mostReturns = 3;

/** Unchecked, a list is read to so many times its length: as far as it may grow meanwhile. */
const mostGrowth = 5;

/** So far the place is looked for ahead, in ever longer steps: some 1,400 rows, or 150 that come in with each request. */
const stepsAhead = 5;

/** So many rows short of where the place should have come to we begin, since rows do not come in evenly. */
const short = 40;

/**
 * A list that is read by offsets and that others write to meanwhile. What is deleted before the place draws rows that were not
 * read behind it, and what comes in there pushes it on. So each page begins with rows that are known; where it shows none of them, we
 * look for them ahead, then back. Rows may come more than once. What comes in before the place is not seen.
 *
 * It ends however fast the list grows at its beginning: a place that is found brings rows behind it, and one that is lost is so three
 * times. From then on the list is read unchecked, which loses nothing to rows that come in before the place, unless they come faster
 * than we read; but then it may lose what deletions of more than ten rows at once draw behind the place.
 *
 * @param on.from the place to go on from. Default the beginning.
 */
export async function* livePages<Row>(
  read: ReadPage<Row>,
  on: { readonly idOf: (row: Row) => string; readonly from?: ListPlace | undefined },
): AsyncGenerator<
  { readonly rows: readonly Row[]; readonly next: ListPlace | undefined },
  void,
  undefined
> {
  let { offset, before, returns = 0, most }: ListPlace = on.from ?? { offset: 0, before: [] };
  // Of the last two pages: rows that came in once, while we waited, are not taken for more to come.
  let drifts: readonly [number, number] = [0, 0];
  for (;;) {
    let rows: readonly Row[];
    if (offset === 0 || returns >= mostReturns) {
      rows = await read({ limit: pageSize, offset });
    } else {
      const ahead = Math.max(Math.floor(Math.min(...drifts)) - short, 0);
      const found = await findPlace(read, { idOf: on.idOf, offset, before, ahead });
      ({ offset, rows } = found);
      drifts = [drifts[1], found.drift];
      if (found.isLost) returns += 1;
    }
    if (returns >= mostReturns) most ??= mostGrowth * (await longerThan(read));
    offset += rows.length - overlap;
    before = rows.slice(-overlap).map(on.idOf);
    const isEnd = rows.length < pageSize || offset >= (most ?? Infinity);
    const next = isEnd ? undefined : { offset, before, returns, most };
    if (rows.length > 0 || next === undefined) yield { rows, next };
    if (next === undefined) return;
  }
}

/** The page that shows the rows before the place, and rows behind them. Where none does, that at the beginning. */
async function findPlace<Row>(
  read: ReadPage<Row>,
  on: ListPlace & { readonly idOf: (row: Row) => string; readonly ahead: number },
): Promise<{
  readonly offset: number;
  readonly rows: readonly Row[];
  readonly isLost: boolean;
  /** By how many rows the place moved on with each request. */
  readonly drift: number;
}> {
  let requests = 0;
  let offset = on.offset + on.ahead;
  let rows: readonly Row[] = [];
  let last = -1;
  const look = async (at: number): Promise<void> => {
    requests += 1;
    offset = at;
    rows = await read({ limit: pageSize, offset });
    last = rows.findLastIndex((row) => on.before.includes(on.idOf(row)));
  };
  const isFull = (): boolean => rows.length === pageSize;
  /** Known rows at the end of a full page bring nothing: reading on from them might never end. */
  const isThere = (): boolean => last >= 0 && !(isFull() && last === pageSize - 1);
  await look(offset);
  if (on.ahead > 0 && !isThere()) await look(on.offset);
  for (let step = 1; step <= stepsAhead && isFull() && !isThere(); step += 1) {
    await look(offset + step * stride);
  }
  while (last < 0 && offset > 0) await look(Math.max(offset - stride, 0));
  const moved = last < 0 ? 0 : offset + last - (on.offset + on.before.length - 1);
  return { offset, rows, isLost: !isThere(), drift: Math.max(moved / requests, 0) };
}

/** More rows than a list has, at most twice as many, or two pages. */
async function longerThan<Row>(read: ReadPage<Row>): Promise<number> {
  for (let offset = 2 * pageSize; ; offset *= 2) {
    if ((await read({ limit: 1, offset })).length === 0) return offset;
  }
}
