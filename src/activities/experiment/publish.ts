import { setTimeout as wait } from 'node:timers/promises';

import type { DrainReply, ExperimentActivities } from '../../contracts/experiment-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { Platform } from '../../platforms/port.js';
import { areCellsDone, cellsDoneForMs } from '../../store/experiment-end.js';
import { getExperiment } from '../../store/experiments.js';
import { openPublisherSession, type PublisherSession } from '../../store/publisher/session.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import type { Exporter, ExportState } from './export-state.js';
import { createExporter } from './export.js';
import type { ExperimentPorts } from './ports.js';
import { noKeys } from './run-platforms.js';

/** A longer wait than this is told to the workflow, where people can see it, instead of being sat out here. */
const longestWaitHereMs = 20_000;
/** How long an idle publisher sleeps between two looks at the outbox. */
const idleMs = 100;
/** How long a run whose cells have all ended waits for a platform that refuses its keys. */
const keysPatienceMs = 600_000;
/** How long a run whose cells are at work waits for a worker with keys of its project. */
const otherProjectWaitMs = 60_000;

/**
 * Drains the outbox of one run to one platform. It holds the publisher's lock on a database connection of its own for as
 * long as it runs: one publisher per platform and run, also where a process is frozen and believes to be alive.
 */
export function createPublish(ports: ExperimentPorts): ExperimentActivities['publish'] {
  return ({ experimentId, platform: name }) =>
    withHeartbeat(async (beat): Promise<DrainReply> => {
      const platform = ports.platforms.find((each) => each.name === name);
      if (platform === undefined) return withoutKeys({ experimentId, platform: name }, ports);
      const strangers = await refuseOtherProject(platform, { experimentId, beat, ports });
      if (strangers !== undefined) return strangers;
      const opened = await openPublisherSession(ports.databaseUrl, {
        platform: name,
        partition: experimentId,
        holder: ports.holder,
      });
      if (opened.state === 'held') {
        const by = opened.by === undefined ? 'another publisher' : opened.by.holder;
        return { state: 'wait', waitMs: 1_000, reason: `${by} is publishing this run` };
      }
      const { session } = opened;
      try {
        const exporter = createExporter({
          platform,
          session,
          visibilityMs: ports.project.config.platform.visibilityDeadlineMs,
          log: ports.log,
        });
        const closed = (): Promise<boolean> => areCellsDone(ports.store, experimentId);
        return await drainOutbox({ closed, session, exporter, platform, beat, ports });
      } finally {
        await session.close();
      }
    });
}

/** Another worker may have the keys, or this one after its restart: waited for as where they are refused. */
async function withoutKeys(
  { experimentId, platform }: { readonly experimentId: string; readonly platform: string },
  { store }: ExperimentPorts,
): Promise<DrainReply> {
  const { message, mend } = noKeys([platform]);
  const waitedMs = await cellsDoneForMs(store, experimentId);
  if (waitedMs <= keysPatienceMs) return { state: 'wait', waitMs: 5_000, reason: message };
  throw new AssayError('PLATFORM_UNAUTHORIZED', `${platform}: ${message}`, {
    ...(mend === undefined ? {} : { mend }),
  });
}

/**
 * Keys that are of another project by now would put the rest of a run there, where nobody looks for it. While cells run there is
 * time to correct them.
 *
 * @returns what to wait for before anything is sent; undefined where all is well.
 * @throws AssayError PLATFORM_PROJECT_CHANGED where all cells have ended.
 */
export async function refuseOtherProject(
  platform: Platform,
  on: {
    readonly experimentId: string;
    readonly beat: Beat;
    readonly ports: Pick<ExperimentPorts, 'store' | 'log'>;
  },
): Promise<DrainReply | undefined> {
  if (platform.checkRun === undefined) return undefined;
  const { platformRuns } = await getExperiment(on.ports.store, on.experimentId);
  const run = platformRuns.find((each) => each.platform === platform.name);
  if (run === undefined) return undefined;
  try {
    await platform.checkRun(run, on.beat.cancelled);
    return undefined;
  } catch (error) {
    if (!AssayError.is(error)) throw error;
    // Nothing gets anywhere with refused keys; the exporter waits for them as long as it may.
    if (error.code === 'PLATFORM_UNAUTHORIZED') return undefined;
    const changed = error.code === 'PLATFORM_PROJECT_CHANGED';
    if (changed && !(await areCellsDone(on.ports.store, on.experimentId))) {
      on.ports.log.error({ platform: platform.name, err: error }, 'not published');
      return { state: 'wait', waitMs: otherProjectWaitMs, reason: error.message };
    }
    if (error.entry.retry === 'never') throw error;
    return { state: 'wait', waitMs: error.retryAfterMs ?? 5_000, reason: error.message };
  }
}

/** What a drain works with. */
export interface Drain {
  /** Whether nothing more comes into the outbox. */
  readonly closed: () => Promise<boolean>;
  readonly session: PublisherSession;
  readonly exporter: Exporter;
  readonly platform: Platform;
  readonly beat: Beat;
  readonly ports: Pick<ExperimentPorts, 'draining'>;
}

/**
 * Sends what stands in the outbox until it is closed and nothing is left, or until there is something to wait for that people
 * should see.
 *
 * @throws AssayError PLATFORM_UNAUTHORIZED where it is closed and the keys were refused for 10 minutes.
 */
export async function drainOutbox(on: Drain): Promise<DrainReply> {
  const { session, exporter, platform, beat, ports } = on;
  const stop = AbortSignal.any([beat.cancelled, ports.draining, session.alive]);
  const outage = createOutage();
  let sent = 0;
  for (;;) {
    // The workflow asks again; whoever takes over finds intents and marks.
    if (stop.aborted) return { state: 'wait', waitMs: 100, reason: 'the publisher moved', sent };
    // Asked before the rows are taken: a run whose cells close in between is seen as closed on the next round.
    const closed = await on.closed();
    const settled = await exporter.settle();
    const round = settled.state === 'blocked' ? settled : await sendPending(on);
    const moved = 'rows' in round ? round.rows : 0;
    sent += moved;
    beat.tell({ sent, open: settled.open });
    await session.touch();
    if (round.state === 'moved' && moved === 0 && closed && settled.open === 0) {
      const left = await session.remaining();
      if (left.spans + left.scores + left.openExports === 0) return { state: 'done', sent };
    }
    if (closed) giveUpOnKeys(round, platform);
    const waitsFor = round.state === 'moved' && moved === 0 ? settled.resting : undefined;
    const blocked = outage.note(waitsFor ?? round);
    if (blocked !== undefined) return { ...blocked, sent };
    const pause =
      round.state === 'blocked' ? round.waitMs : moved > 0 ? 0 : settled.open > 0 ? 500 : idleMs;
    if (pause > 0) await wait(pause, undefined, { signal: stop }).catch(() => undefined);
  }
}

// While cells run there is time to correct the keys; after them somebody waits for the run's end.
function giveUpOnKeys(round: ExportState, platform: Platform): void {
  if (round.state === 'moved' || (round.keysRefusedMs ?? 0) <= keysPatienceMs) return;
  throw new AssayError('PLATFORM_UNAUTHORIZED', `${platform.name}: ${round.reason}`, {
    mend: 'Correct the keys of the worker and restart it.',
  });
}

/** One export of each kind, spans first: a score of a trace that is not there yet helps nobody. */
async function sendPending({
  session,
  exporter,
  platform,
}: Drain): Promise<ExportState & { rows: number }> {
  let sent = 0;
  for (const kind of ['spans', 'scores'] as const) {
    const rows = await session.takeRows({ kind, ...platform.limits[kind] });
    if (rows.length === 0) continue;
    const state = await exporter.send({ kind, rows });
    if (state.state === 'blocked') return { ...state, rows: sent };
    sent += rows.length;
  }
  return { state: 'moved', rows: sent };
}

/** Tells a short stumble from an outage: the latter is handed to the workflow, which waits with a timer that people see. */
function createOutage(): { note(state: ExportState): DrainReply | undefined } {
  let since: number | undefined;
  return {
    note(state) {
      if (state.state === 'moved') {
        since = undefined;
        return undefined;
      }
      const now = performance.now();
      since ??= now;
      const long = state.waitMs > longestWaitHereMs || now - since > longestWaitHereMs;
      if (!long) return undefined;
      return { state: 'wait', waitMs: Math.max(state.waitMs, 5_000), reason: state.reason };
    },
  };
}
