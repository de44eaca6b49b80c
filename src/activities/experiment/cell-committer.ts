import type { CellResult } from '../../contracts/records.js';
import { cellTraceId } from '../../core/ids/platform-ids.js';
import { delay } from '../../models/governor.js';
import { commitCells, type CellCommit } from '../../store/cell-commit.js';
import type { PendingCell } from '../../store/cells.js';
import type { Store } from '../../store/store.js';
import { createBatcher } from '../../store/journal/batcher.js';
import { isTrouble } from '../../store/journal/persist.js';
import { createJudgementCommitter } from './judgement-committer.js';
import { itemFor } from './foreign-items.js';
import { identityOf } from './reuse-cell.js';
import type { RunningExperiment } from './running-experiment.js';

/** Writes cells as they end: the cell, its scores and its outbox rows in one transaction. */
export interface CellCommitter {
  /** @returns whether this was the first outcome of the cell; a later one changes nothing. */
  commit(entry: EndedCell & { readonly signal: AbortSignal }): Promise<boolean>;
}

interface EndedCell {
  readonly cell: PendingCell;
  readonly result: CellResult;
  readonly run: RunningExperiment;
}

/** Up to 25 cells or 20 ms a transaction (durability 11). */
export function createCellCommitter(store: Store): CellCommitter {
  const batcher = createBatcher<EndedCell, boolean>({
    maxBatch: 25,
    delayMs: 20,
    flush: async (ended) => {
      // Not before: where many answers come at once, the next cells' calls must not wait until all of these are encoded.
      const won = await commitCells(store, ended.map(toCommit));
      return ended.map(({ result }) => won.has(result.cellId));
    },
  });
  const judgements = createJudgementCommitter(store);
  return {
    async commit({ cell, result, run, signal }) {
      const ended = { cell, result, run };
      const judges = run.pass?.kind === 'rejudge';
      for (;;) {
        try {
          return await (judges ? judgements.commit(ended) : batcher.submit(ended));
        } catch (error) {
          // The answers are paid for and in the journal; while Postgres is in trouble the outcome waits in memory.
          if (!isTrouble(error)) throw error;
          await delay(500, signal);
        }
      }
    },
  };
}

function toCommit({ cell, result, run }: EndedCell): CellCommit {
  const traceId = cellTraceId({ ...cell, runUid: run.runUid, itemId: cell.item.id });
  const identity = identityOf(cell, { result, run });
  return {
    result,
    traceId,
    ...(identity === undefined ? {} : { identity }),
    outbox: run.publications.map(({ platform, context }) => ({
      platform: platform.name,
      partition: run.experimentId,
      records: platform.encodeCell(result, itemFor(run.spec, platform, cell.item), context),
    })),
  };
}
