import type { GateActivities, GatePlan } from '../../contracts/gate-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { isFinalStatus } from '../../core/experiment/naming.js';
import { comparedScores } from '../../core/gate/evaluators.js';
import { changedEvaluators } from '../../core/gate/staleness.js';
import { align } from '../../core/regression/align.js';
import { HeadWatch } from '../../core/regression/head-watch.js';
import { getExperiment, type ExperimentRecord } from '../../store/experiments.js';
import { getGate } from '../../store/gates.js';
import { orderedCells, orderedPage } from '../../store/ordered-cells.js';
import { findOpenPass } from '../../store/passes/pass-records.js';
import type { Store } from '../../store/store.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import { baseSide } from './compared-sides.js';
import { changedItems, loadLabels, loadScores, scoresOf } from './load-sides.js';
import type { RegressionPorts } from './ports.js';

/** Gates whose heads this worker remembers: a few numbers per item and score each. */
const mostWatches = 4;

/**
 * Looks at the head of a gate while it runs. What was seen before is only remembered to be quick: all of it can be read from the
 * rows again, so that another worker, or this one after a crash, comes to the same.
 */
export function createLookAtHead({
  store,
}: Pick<RegressionPorts, 'store'>): GateActivities['lookAtHead'] {
  const watches = new Map<string, HeadWatch>();
  return ({ gateId }) =>
    withHeartbeat(async (beat) => {
      const { plan } = await getGate(store, gateId);
      if (plan === undefined) throw new AssayError('INTERNAL', `"${gateId}" has no plan.`);
      const head = await getExperiment(store, plan.head.experimentId);
      // Taken out while it is used: a look whose worker was given up on may go on beside this one.
      const known = watches.get(gateId);
      watches.delete(gateId);
      if (isFinalStatus(head.status)) return { ended: true };
      if (!(await canSettle(head, store))) return { ended: false };
      const watch = known ?? (await openWatch(plan, { head, store, beat }));
      await readOn(watch, { experimentId: head.id, store, beat });
      watches.set(gateId, watch);
      for (const oldest of [...watches.keys()].slice(0, -mostWatches)) watches.delete(oldest);
      const settled = watch.settled();
      return { ended: false, ...(settled === undefined ? {} : { settled }) };
    });
}

/** Whether the cells of the run itself are what goes on: of a later pass, some positions ended long ago. */
async function canSettle(head: ExperimentRecord, store: Store): Promise<boolean> {
  if (head.plannedAt === undefined || head.cellsDoneAt !== undefined) return false;
  if (head.earlyStop !== undefined) return false;
  return (await findOpenPass(store, head.id)) === undefined;
}

interface Reading {
  readonly store: Store;
  readonly beat: Beat;
}

async function openWatch(
  plan: GatePlan,
  { head, store, beat }: Reading & { readonly head: ExperimentRecord },
): Promise<HeadWatch> {
  const { policy } = plan;
  const base = await baseSide(plan, store);
  const manifest = head.manifest ?? base.manifest;
  const cells = { kind: 'run', experimentId: head.id } as const;
  const left = await changedItems(store, {
    head: cells,
    base: base.cells,
    sameItems: base.manifest.dataset.itemsHash === manifest.dataset.itemsHash,
    beat,
  });
  const [frame, scored] = [
    await loadScores(store, cells, { left, beat }),
    await loadScores(store, base.cells, { left, beat }),
  ];
  const { cluster } = policy;
  const labels = cluster === undefined ? undefined : await loadLabels(store, head.id, [cluster]);
  const values = cluster === undefined ? undefined : labels?.get(cluster);
  const compared = (scores: Iterable<string>) =>
    comparedScores({
      head: manifest.evaluators,
      base: base.manifest.evaluators,
      scores,
      changed: changedEvaluators(base.manifest, manifest),
      policy,
    }).evaluators;
  const evaluators = compared(scored.scores.scores.keys());
  const required = evaluators.filter((each) => each.required !== false).length;
  const growth = [policy.cost, policy.latency].filter(
    (guard) => guard !== undefined && guard.required !== false,
  ).length;
  const guarded = policy.slices.some(({ guard }) => guard);
  return new HeadWatch({
    base: scored.scores,
    head: frame.scores,
    alignment: align(
      { base: scored.scores, head: frame.scores },
      cluster === undefined ? undefined : (item) => values?.get(item),
    ),
    evaluators,
    margin: policy.margin,
    alpha: policy.alpha,
    // The guarded slices of a score weigh as much as the score in Holm's family.
    others: growth + (guarded ? required : 0),
    decides: (name) =>
      compared([name]).some((each) => each.name === name && each.required !== false),
  });
}

/** Takes what has ended since the last look. */
async function readOn(
  watch: HeadWatch,
  { experimentId, store, beat }: Reading & { readonly experimentId: string },
): Promise<void> {
  while (watch.hopeful) {
    beat.cancelled.throwIfAborted();
    const from = watch.next;
    const cells = await orderedCells(store, { experimentId, from });
    watch.take(cells.map(({ scores, ...cell }) => ({ ...cell, scores: scoresOf(scores) })));
    beat.tell({ step: 'look', cells: watch.next });
    if (watch.next < from + orderedPage) return;
  }
}
