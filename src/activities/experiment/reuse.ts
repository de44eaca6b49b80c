import type { CellSource, ReusedFrom, ScoreRecord } from '../../contracts/records.js';
import type { Json } from '../../core/json/json.js';
import type { PendingCell } from '../../store/cells.js';
import {
  findReusable,
  readOutputs,
  readScores,
  readSilent,
  type ReusableOutput,
} from '../../store/reuse.js';
import type { Store } from '../../store/store.js';
import type { RunningExperiment } from './running-experiment.js';

/** What a cell can take from earlier runs. */
export interface CellReuse {
  readonly output: Json;
  /** As it was measured when the output was made. */
  readonly latencyMs: number;
  readonly source: CellSource;
  /** By evaluator; one that is not there must judge. */
  readonly scores: ReadonlyMap<
    string,
    { readonly records: readonly ScoreRecord[]; readonly source: CellSource }
  >;
}

/** A cell, and how to read what it can take over; undefined where that is gone by then. */
export interface ReusingCell extends PendingCell {
  readonly reuse?: () => Promise<CellReuse | undefined>;
}

/** A cell that can take everything over. */
export interface WholeReuse {
  readonly cell: PendingCell;
  readonly whole: CellReuse;
}

/** Stored outputs that are read at once, as they are compressed: what is in memory stays bounded whatever they hold. */
const groupBytes = 4 * 1024 * 1024;
const groupCells = 50;

/**
 * Finds what the cells of a batch can take from earlier runs: one statement for the batch, then two for each group of
 * outputs. The cells that can take everything are handed out group by group; the others are given back with a way to read
 * what they can take once it is their turn.
 *
 * Nothing is written here, and what can be found does not change while the run goes on (see findReusable), so a batch that is
 * run again after a kill decides as before.
 */
export async function* reuseOf(
  store: Store,
  of: { readonly cells: readonly PendingCell[]; readonly run: RunningExperiment },
): AsyncGenerator<WholeReuse | { readonly rest: ReusingCell }, void, undefined> {
  const { cells, run } = of;
  // What is taken over is an output; what was done to make it is not, and these evaluators judge just that.
  if (run.evaluators.some(({ identity }) => identity.sees?.includes('calls') === true)) {
    for (const cell of cells) yield { rest: cell };
    return;
  }
  const hashes = cells.map((cell) => run.identities.targetHash(cell));
  const found = await findReusable(store, {
    experimentId: run.experimentId,
    targetHashes: hashes,
  });
  const asked: Asked[] = [];
  for (const [index, cell] of cells.entries()) {
    const source = found.get(hashes[index] ?? '');
    if (source === undefined) yield { rest: cell };
    else asked.push({ cell, source });
  }
  for (const group of groupsOf(asked)) {
    const reuses = await read(store, group, run);
    for (const [index, entry] of group.entries()) {
      const { cell } = entry;
      const reuse = reuses[index];
      if (reuse === undefined) yield { rest: cell };
      else if (run.evaluators.every(({ name }) => reuse.scores.has(name))) {
        yield { cell, whole: reuse };
      } else {
        yield { rest: { ...cell, reuse: async () => (await read(store, [entry], run))[0] } };
      }
    }
  }
}

interface Asked {
  readonly cell: PendingCell;
  readonly source: ReusableOutput;
}

function* groupsOf(asked: readonly Asked[]): Iterable<readonly Asked[]> {
  let group: Asked[] = [];
  let bytes = 0;
  for (const entry of asked) {
    const full = group.length === groupCells || bytes + entry.source.bytes > groupBytes;
    if (full && group.length > 0) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += entry.source.bytes;
  }
  if (group.length > 0) yield group;
}

/** What each of them can take now, aligned. */
async function read(
  store: Store,
  group: readonly Asked[],
  run: RunningExperiment,
): Promise<readonly (CellReuse | undefined)[]> {
  const outputs = await readOutputs(
    store,
    group.map(({ source }) => source.cellId),
  );
  const wanted = group.map(({ cell, source }) => {
    const stored = outputs.get(source.cellId);
    if (stored === undefined) return undefined;
    return run.identities.scoreHashes({ item: cell.item, output: stored.output });
  });
  const hashes = wanted.flatMap((each) => [...(each?.values() ?? [])]);
  const scores = await readScores(store, { experimentId: run.experimentId, hashes });
  // Most evaluators give a score; of the others it is remembered with the cell that they gave none.
  const silent = await readSilent(store, {
    cellIds: group.flatMap(({ source }) => source.alike),
    hashes: hashes.filter((hash) => !scores.has(hash)),
  });
  return group.map(({ source }, index) => {
    const stored = outputs.get(source.cellId);
    if (stored === undefined) return undefined;
    const own = [...(wanted[index] ?? [])].flatMap(([evaluator, hash]) => {
      const said = scores.get(hash) ?? silent.get(hash);
      return said === undefined ? [] : [[evaluator, said] as const];
    });
    return { ...stored, scores: new Map(own) };
  });
}

/** What is recorded with a cell of what it took over. */
export function reusedFrom(reuse: CellReuse): ReusedFrom {
  return {
    output: reuse.source,
    scores: [...reuse.scores].map(([evaluator, { source }]) => ({ evaluator, ...source })),
  };
}
