import type { ExperimentActivities, RepairReply } from '../../contracts/experiment-protocol.js';
import type { Platform, PlatformRun } from '../../platforms/port.js';
import { getExperiment, type ExperimentRecord } from '../../store/experiments.js';
import { expectedRecords, requeueRows } from '../../store/outbox.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import type { ExperimentPorts } from './ports.js';
import { platformNamed, platformRunOf } from './run-platforms.js';

/**
 * Finds the records of a run that a platform does not show, or has refused, and makes them pending again. The publisher then
 * asks for each of their exports first, and sends only what is missing, the same bytes under the same ids.
 */
export function createRepair(
  ports: Pick<ExperimentPorts, 'store' | 'platforms'>,
): ExperimentActivities['repairPublication'] {
  return ({ experimentId, platform: name }) =>
    withHeartbeat(async (beat): Promise<RepairReply> => {
      const record = await getExperiment(ports.store, experimentId);
      const platform = platformNamed(ports, name);
      const run = platformRunOf(record, name);
      const look: Look = { record, platform, run, beat };
      let missing = 0;
      let requeued = 0;
      for (const kind of ['spans', 'scores'] as const) {
        const shown = kind === 'spans' ? await spansThere(look) : undefined;
        const of = { experimentId, platform: name, kind, pageSize: 500 };
        for await (const page of expectedRecords(ports.store, of)) {
          const there = shown ?? (await scoresThere(look, page));
          const lost = page.filter(
            ({ sent, traceId, ids, refusedIds }) =>
              (sent || refusedIds.length > 0) &&
              ids.some((id) => !there.has(kind === 'spans' ? `${traceId}/${id}` : id)),
          );
          missing += lost.length;
          requeued += await requeueRows(
            ports.store,
            lost.map(({ rowId }) => rowId),
          );
          beat.tell({ step: `repair ${kind}`, missing });
        }
      }
      return { missing, requeued };
    });
}

interface Look {
  readonly record: ExperimentRecord;
  readonly platform: Platform;
  readonly run: PlatformRun;
  readonly beat: Beat;
}

async function spansThere(look: Look): Promise<ReadonlySet<string>> {
  const { record, platform, run, beat } = look;
  const there = new Set<string>();
  for await (const page of platform.readBack({
    run,
    runUid: record.runUid,
    from: new Date(Date.parse(record.createdAt) - 600_000).toISOString(),
    kind: 'spans',
    signal: beat.cancelled,
  })) {
    for (const { traceId, spanId } of page.spans ?? []) there.add(`${traceId}/${spanId}`);
    beat.tell({ step: 'read spans', spans: there.size });
  }
  return there;
}

/** How many traces' scores are asked for in one request. */
const tracesPerRequest = 100;

async function scoresThere(
  { record, platform, run, beat }: Look,
  page: readonly {
    readonly traceId: string;
    readonly runId: string | undefined;
    readonly ids: readonly string[];
  }[],
): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  const ask = async (
    which: ({ traceIds: readonly string[] } | { runIds: readonly string[] }) & {
      readonly scoreIds: readonly string[];
    },
  ) => {
    for await (const { scoreIds } of platform.readBack({
      run,
      runUid: record.runUid,
      from: record.createdAt,
      kind: 'scores',
      ...which,
      signal: beat.cancelled,
    })) {
      for (const id of scoreIds ?? []) there.add(id);
    }
  };
  const traces = [...new Set(page.flatMap(({ traceId }) => (traceId === '' ? [] : [traceId])))];
  for (let at = 0; at < traces.length; at += tracesPerRequest) {
    const asked = new Set(traces.slice(at, at + tracesPerRequest));
    await ask({
      traceIds: [...asked],
      scoreIds: idsWhere(page, ({ traceId }) => asked.has(traceId)),
    });
  }
  const runs = [...new Set(page.flatMap(({ runId }) => runId ?? []))];
  const ofRuns = idsWhere(page, ({ runId }) => runId !== undefined);
  if (runs.length > 0) await ask({ runIds: runs, scoreIds: ofRuns });
  return there;
}

function idsWhere<Row extends { readonly ids: readonly string[] }>(
  rows: readonly Row[],
  isAsked: (row: Row) => boolean,
): readonly string[] {
  return rows.filter(isAsked).flatMap(({ ids }) => ids);
}
