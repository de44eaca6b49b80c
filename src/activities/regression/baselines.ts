import { isDeepStrictEqual } from 'node:util';

import type {
  BaselineActivities,
  BaselineRecord,
  BaselineReply,
} from '../../contracts/baseline.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { isFinalStatus } from '../../core/experiment/naming.js';
import { baselinePages, dropBaselinePages, putBaselinePage } from '../../store/baselines/cells.js';
import {
  countVersion,
  deleteBaseline,
  findBaseline,
  promoteBaseline,
  reserveBaseline,
} from '../../store/baselines/rows.js';
import { cellPages } from '../../store/cell-pages.js';
import { getExperiment } from '../../store/experiments.js';
import { withSnapshot, type Store } from '../../store/store.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import { isAnswer } from './answer.js';
import type { RegressionPorts } from './ports.js';
import { endedWell, existingRun, type EndedRun } from './sides.js';
import { unchangedRun } from './unchanged-run.js';

/** Saving, promoting and renewing baselines. What stands in the way is the answer: somebody waits for it. */
export function createBaselines(ports: RegressionPorts): Omit<BaselineActivities, 'startRenewal'> {
  const { store } = ports;
  return {
    saveBaseline: ({ project, name, run: runName, promote }) =>
      answering(async (beat) => {
        const run = endedWell(await existingRun(store, { project, name: runName }));
        const baseline = await reserveBaseline(store, {
          project,
          name,
          dataset: run.manifest.dataset.name,
          ...contentOf(run),
        });
        const known = baseline.version > 0;
        if (known) await refuseOther(baseline, { run, store });
        else await pin(store, { baseline, run, beat });
        const saved = await getBaseline(store, { project, name });
        const promoted = promote && (await promoteBaseline(store, saved));
        return replyOf(known ? (promoted ? 'promoted' : 'unchanged') : 'saved', saved);
      }),
    promoteBaseline: ({ project, name }) =>
      answering(async () => {
        const baseline = await getBaseline(store, { project, name });
        const promoted = await promoteBaseline(store, baseline);
        return replyOf(promoted ? 'promoted' : 'unchanged', baseline);
      }),
    deleteBaseline: ({ project, name }) =>
      answering(async () => {
        const baseline = await getBaseline(store, { project, name });
        refuseInUse(name, await deleteBaseline(store, baseline));
        return replyOf('deleted', baseline);
      }),
    renewBaseline: ({ project, name }) =>
      answering(async (beat) => {
        const baseline = await getBaseline(store, { project, name });
        const run = endedWell(await getExperiment(store, baseline.experimentId));
        if (await isPinned(baseline, { run, store })) return replyOf('unchanged', baseline);
        await pin(store, { baseline, run, beat });
        return replyOf('renewed', await getBaseline(store, { project, name }));
      }),
    lookAtRun: async ({ experimentId }) => {
      const { status, error } = await getExperiment(store, experimentId);
      return {
        status,
        ended: isFinalStatus(status),
        ...(error === undefined ? {} : { error }),
      };
    },
  };
}

const answering = (work: (beat: Beat) => Promise<BaselineReply>): Promise<BaselineReply> =>
  withHeartbeat(async (beat) => {
    try {
      return await work(beat);
    } catch (error) {
      if (!isAnswer(error)) throw error;
      return { outcome: 'rejected', error: error.toJSON() };
    }
  });

const replyOf = (
  outcome: Exclude<BaselineReply['outcome'], 'rejected'>,
  { name, cells, version }: BaselineRecord,
): BaselineReply => ({ outcome, name, cells, version });

const contentOf = (run: EndedRun) => ({
  experimentId: run.id,
  runUid: run.runUid,
  manifest: run.manifest,
  manifestHash: run.manifestHash ?? '',
});

/** @throws AssayError BASELINE_NOT_FOUND */
export async function getBaseline(
  store: Store,
  of: { readonly project: string; readonly name: string },
): Promise<BaselineRecord> {
  const baseline = await findBaseline(store, of);
  if (baseline !== undefined) return baseline;
  throw new AssayError('BASELINE_NOT_FOUND', `There is no baseline "${of.name}".`, {
    mend: 'See `assay baseline list`, or save one with `assay baseline save`.',
  });
}

/** @throws AssayError BASELINE_IN_USE */
function refuseInUse(
  name: string,
  { promoted, gates }: Awaited<ReturnType<typeof deleteBaseline>>,
): void {
  if (!promoted && gates.length === 0) return;
  throw new AssayError('BASELINE_IN_USE', `The baseline "${name}" cannot be deleted.`, {
    problems: [
      ...(promoted
        ? [
            {
              at: name,
              message: 'is promoted: gates of its dataset take it',
              mend: 'Promote another one first.',
            },
          ]
        : []),
      ...gates.map((gate) => ({ at: gate, message: 'is a gate that runs against it' })),
    ],
  });
}

/** Whether it holds what the run holds now: cells that were retried have other scores under the same manifest. */
async function isPinned(
  baseline: BaselineRecord,
  { run, store }: { readonly run: EndedRun; readonly store: Store },
): Promise<boolean> {
  if (baseline.runUid !== run.runUid || baseline.manifestHash !== run.manifestHash) return false;
  return withSnapshot(store, async (on) => {
    await unchangedRun(on, run);
    const pinned = baselinePages(on, { baselineId: baseline.id, version: baseline.version });
    for await (const page of cellPages(on, run.id)) {
      const before = await pinned.next();
      if (before.done === true || !isDeepStrictEqual(before.value, page)) return false;
    }
    return (await pinned.next()).done === true;
  });
}

// The same run again is the same baseline. One that was judged again since is renewed by name, not by the way.
async function refuseOther(
  baseline: BaselineRecord,
  on: { readonly run: EndedRun; readonly store: Store },
): Promise<void> {
  const { run } = on;
  if (await isPinned(baseline, on)) return;
  throw new AssayError(
    'BASELINE_EXISTS',
    baseline.runUid === run.runUid
      ? `"${baseline.name}" holds scores of "${run.name}" from before it was judged again, retried or extended.`
      : `"${baseline.name}" holds the scores of the run "${baseline.run}".`,
    {
      mend:
        baseline.runUid === run.runUid
          ? 'Renew it with `assay baseline rejudge`, or save under another name.'
          : 'Save under another name and promote that: gates take the promoted one.',
    },
  );
}

/**
 * Copies the scores of a run into the next version, then makes it the one that counts. Can be repeated.
 *
 * The cells are read in one snapshot, in which the run is still the one at hand: of one that is judged again meanwhile, half the scores would be new ones
 * under the manifest of the old.
 */
async function pin(
  store: Store,
  { baseline, run, beat }: { baseline: BaselineRecord; run: EndedRun; beat: Beat },
): Promise<void> {
  const next = { baselineId: baseline.id, version: baseline.version + 1 };
  await dropBaselinePages(store, next);
  const cells = await withSnapshot(store, async (on) => {
    await unchangedRun(on, run);
    let cells = 0;
    let page = 0;
    for await (const each of cellPages(on, run.id)) {
      await putBaselinePage(on, { ...next, page }, each);
      page += 1;
      cells += each.items.length;
      beat.tell({ step: 'pin', cells });
      beat.cancelled.throwIfAborted();
    }
    return cells;
  });
  await countVersion(store, { ...contentOf(run), ...next, cells });
}
