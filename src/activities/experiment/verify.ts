import type { ExperimentActivities, VerifyReply } from '../../contracts/experiment-protocol.js';
import type { PublicationCounts } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { Platform, PlatformRun } from '../../platforms/port.js';
import { getExperiment, setStatus, type ExperimentRecord } from '../../store/experiments.js';
import { expectedRecords } from '../../store/outbox.js';
import { publicationCounts, recordVerification } from '../../store/publication.js';
import { expectedOfRun } from '../../store/run-scores.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import type { ExperimentPorts } from './ports.js';

/** How many traces' scores are asked for in one request. */
const tracesPerRequest = 100;
/** Of how many traces a sample is read back. */
const sampleTraces = 200;

/**
 * Reads the platform back by the ids that were sent. What it shows beyond one row per span is counted as a duplicate; what it
 * does not show yet is not there.
 */
export function createVerify(ports: ExperimentPorts): ExperimentActivities['verifyPublication'] {
  return (request) => withHeartbeat((beat) => lookAtPlatform(request, { ports, beat }));
}

type VerifyPorts = Pick<ExperimentPorts, 'store' | 'platforms'>;

/** One look at the platform; records and returns what it shows. */
export async function lookAtPlatform(
  { experimentId, platform: name }: { readonly experimentId: string; readonly platform: string },
  { ports, beat }: { readonly ports: VerifyPorts; readonly beat: Beat },
): Promise<VerifyReply> {
  const record = await getExperiment(ports.store, experimentId);
  const platform = ports.platforms.find((each) => each.name === name);
  const run = record.platformRuns.find((each) => each.platform === name);
  if (platform === undefined || run === undefined) {
    throw new AssayError('CONFIG_INVALID', `This worker knows no platform "${name}".`);
  }
  await setStatus(ports.store, experimentId, { status: 'verifying' });
  const look: Look = { record, platform, run, ports, beat };
  const spans = await verifySpans(look);
  const scores = await verifyScores(look);
  const ofRun = await verifyRunScores(look);
  await recordVerification(ports.store, {
    experimentId,
    platform: name,
    verifiedTraces: spans.traces,
    verifiedScores: scores.found,
    verifiedRunScores: ofRun.found,
    duplicateSpans: spans.duplicates,
  });
  const counts = await countsOf(experimentId, { name, ports });
  return verdict(spans.complete && scores.complete && ofRun.complete, counts);
}

/** `allShown`: whether the platform shows all that it did not refuse. */
function verdict(allShown: boolean, counts: PublicationCounts): VerifyReply {
  // What was refused is not there, whatever else is; but waiting for it would only spend the deadline.
  const refused = counts.refused > 0;
  return {
    complete: allShown && !refused,
    ...(allShown && refused ? { hopeless: true } : {}),
    counts,
  };
}

interface Look {
  readonly record: ExperimentRecord;
  readonly platform: Platform;
  readonly run: PlatformRun;
  readonly ports: VerifyPorts;
  readonly beat: Beat;
}

async function countsOf(
  experimentId: string,
  { name, ports }: { name: string; ports: VerifyPorts },
): Promise<PublicationCounts> {
  const all = await publicationCounts(ports.store, experimentId);
  const counts = all.find((each) => each.platform === name);
  if (counts === undefined) throw new AssayError('INTERNAL', `Nothing is counted for ${name}.`);
  return counts;
}

/** The ids that must be there, by trace; refused records are counted elsewhere and expected nowhere. */
async function expectedByTrace(
  look: Look,
  kind: 'spans' | 'scores',
): Promise<Map<string, string[]>> {
  const { record, platform, ports, beat } = look;
  const sample = record.spec.verify === 'sample' ? sampleTraces : Number.POSITIVE_INFINITY;
  const expected = new Map<string, string[]>();
  for await (const page of expectedRecords(ports.store, {
    experimentId: record.id,
    platform: platform.name,
    kind,
  })) {
    for (const { traceId, runId, ids, refusedIds } of page) {
      if (runId !== undefined) continue;
      if (expected.size >= sample && !expected.has(traceId)) continue;
      const wanted = ids.filter((id) => !refusedIds.includes(id));
      expected.set(traceId, [...(expected.get(traceId) ?? []), ...wanted]);
    }
    beat.tell({ step: `expected ${kind}`, traces: expected.size });
  }
  return expected;
}

async function verifySpans(
  look: Look,
): Promise<{ traces: number; duplicates: number; complete: boolean }> {
  const { record, platform, run, beat } = look;
  const expected = await expectedByTrace(look, 'spans');
  const missing = new Map([...expected].map(([traceId, ids]) => [traceId, new Set(ids)]));
  const seen = new Set<string>();
  let duplicates = 0;
  for await (const page of platform.readBack({
    run,
    runUid: record.runUid,
    // A cell's first call can be a little older than its experiment's row where clocks differ.
    from: new Date(Date.parse(record.createdAt) - 600_000).toISOString(),
    kind: 'spans',
    signal: beat.cancelled,
  })) {
    for (const { traceId, spanId } of page.spans ?? []) {
      const key = `${traceId}/${spanId}`;
      if (seen.has(key)) duplicates += 1;
      seen.add(key);
      missing.get(traceId)?.delete(spanId);
    }
    beat.tell({ step: 'read spans', spans: seen.size });
  }
  const traces = [...missing.values()].filter((ids) => ids.size === 0).length;
  return { traces, duplicates, complete: traces === expected.size };
}

async function verifyScores(look: Look): Promise<{ found: number; complete: boolean }> {
  const { record, platform, run, beat } = look;
  const expected = await expectedByTrace(look, 'scores');
  const missing = new Set([...expected.values()].flat());
  const wanted = missing.size;
  const traceIds = [...expected.keys()];
  for (let at = 0; at < traceIds.length; at += tracesPerRequest) {
    for await (const page of platform.readBack({
      run,
      runUid: record.runUid,
      from: record.createdAt,
      kind: 'scores',
      traceIds: traceIds.slice(at, at + tracesPerRequest),
      signal: beat.cancelled,
    })) {
      for (const id of page.scoreIds ?? []) missing.delete(id);
    }
    beat.tell({ step: 'read scores', traces: at });
  }
  return { found: wanted - missing.size, complete: missing.size === 0 };
}

/** The scores of the run as a whole are few: all of them are read back, also for a sample. */
async function verifyRunScores(look: Look): Promise<{ found: number; complete: boolean }> {
  const { record, platform, run, ports, beat } = look;
  const of = { experimentId: record.id, platform: platform.name };
  const expected = await expectedOfRun(ports.store, of);
  const missing = new Set(expected.flatMap(({ ids }) => ids));
  const wanted = missing.size;
  if (wanted === 0) return { found: 0, complete: true };
  for await (const page of platform.readBack({
    run,
    runUid: record.runUid,
    from: record.createdAt,
    kind: 'scores',
    runIds: [...new Set(expected.map(({ runId }) => runId))],
    signal: beat.cancelled,
  })) {
    for (const id of page.scoreIds ?? []) missing.delete(id);
  }
  return { found: wanted - missing.size, complete: missing.size === 0 };
}
