import type { EarlyStop } from '../../core/regression/stopped.js';
import { countCells } from '../../store/cells.js';
import { callsOf, costsOf } from '../../store/costs.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import type { Store } from '../../store/store.js';

/**
 * What ended a run early, with what the cells that it skipped would have taken at the mean of those that were run; undefined
 * where all of them were run.
 */
export async function stoppedRun(
  { id, earlyStop }: ExperimentRecord,
  store: Store,
): Promise<EarlyStop | undefined> {
  if (earlyStop === undefined) return undefined;
  const { planned, skipped, pending } = await countCells(store, id);
  const ran = planned - skipped - pending;
  const costs = await costsOf(store, id);
  const calls = await callsOf(store, id);
  const known = costs.target.known > 0 || costs.judge.known > 0 || costs.embedding.known > 0;
  const usd = costs.target.usd + costs.judge.usd + costs.embedding.usd;
  const share = skipped / ran;
  return {
    ...earlyStop.early,
    run: {
      planned,
      ran,
      skipped,
      callsSaved: ran > 0 && calls > 0 ? calls * share : null,
      usdSaved: ran > 0 && known ? usd * share : null,
    },
  };
}
