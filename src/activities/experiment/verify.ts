import type { ExperimentActivities, VerifyReply } from '../../contracts/experiment-protocol.js';
import type { PublicationCounts } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { createDigestFlags, digestOf, pairDigest } from '../../core/ids/digest-flags.js';
import type { Platform, PlatformRun } from '../../platforms/port.js';
import { getExperiment, setStatus, type ExperimentRecord } from '../../store/experiments.js';
import { earliestStart } from '../../store/cells.js';
import { expectedRecords } from '../../store/outbox.js';
import { publicationCounts, recordVerification } from '../../store/publication.js';
import { expectedOfRun } from '../../store/run-scores.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import type { ExperimentPorts } from './ports.js';
import { platformNamed, platformRunOf } from './run-platforms.js';

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
  const platform = platformNamed(ports, name);
  const run = platformRunOf(record, name);
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

/** What must be there of a row; refused records are counted elsewhere and expected nowhere. */
interface Expected {
  readonly traceId: string;
  readonly ids: readonly string[];
}

/** The rows that are looked for, page by page: of a sample those of the first traces. */
async function* expectedRows(
  look: Look,
  kind: 'spans' | 'scores',
): AsyncGenerator<readonly Expected[], void, undefined> {
  const { record, platform, ports } = look;
  const sampled = record.spec.verify === 'sample' ? new Set<string>() : undefined;
  for await (const page of expectedRecords(ports.store, {
    experimentId: record.id,
    platform: platform.name,
    kind,
  })) {
    const rows: Expected[] = [];
    for (const { traceId, runId, ids, refusedIds } of page) {
      if (runId !== undefined) continue;
      if (sampled !== undefined && !sampled.has(traceId)) {
        if (sampled.size >= sampleTraces) continue;
        sampled.add(traceId);
      }
      rows.push({ traceId, ids: ids.filter((id) => !refusedIds.includes(id)) });
    }
    yield rows;
  }
}

const expectedFlag = 1;
const seenFlag = 2;

/**
 * Everything that the platform shows of the run streams by once, and so does what was sent, before and after. Of each span
 * eight bytes of its ids are held: texts of 200,000 cells took 413 MB.
 */
async function verifySpans(
  look: Look,
): Promise<{ traces: number; duplicates: number; complete: boolean }> {
  const { record, platform, run, beat } = look;
  const spans = createDigestFlags();
  const traces = createDigestFlags();
  for await (const page of expectedRows(look, 'spans')) {
    for (const { traceId, ids } of page) {
      traces.set(digestOf(traceId), expectedFlag);
      for (const id of ids) spans.set(pairDigest(traceId, id), expectedFlag);
    }
    beat.tell({ step: 'expected spans', traces: traces.size });
  }
  let duplicates = 0;
  let read = 0;
  for await (const page of platform.readBack({
    run,
    runUid: record.runUid,
    from: await earliestSpan(look),
    kind: 'spans',
    signal: beat.cancelled,
  })) {
    for (const { traceId, spanId } of page.spans ?? []) {
      const span = pairDigest(traceId, spanId);
      const flags = spans.get(span);
      if ((flags & seenFlag) !== 0) duplicates += 1;
      spans.set(span, flags | seenFlag);
      read += 1;
    }
    beat.tell({ step: 'read spans', spans: read });
  }
  // A trace can have several rows: it is there when none of them lacks anything.
  const incomplete = createDigestFlags();
  for await (const page of expectedRows(look, 'spans')) {
    for (const { traceId, ids } of page) {
      const whole = ids.every((id) => (spans.get(pairDigest(traceId, id)) & seenFlag) !== 0);
      if (!whole) incomplete.set(digestOf(traceId), expectedFlag);
    }
  }
  return {
    traces: traces.size - incomplete.size,
    duplicates,
    complete: incomplete.size === 0,
  };
}

/**
 * Before any span of the run: by its workers' clocks, which can be hours behind the database's that made the run's row. Ten
 * minutes earlier still, since a call that an earlier attempt made is older than its cell.
 */
async function earliestSpan({ record, ports }: Look): Promise<string> {
  const firstCell = await earliestStart(ports.store, record.id);
  const created = Date.parse(record.createdAt);
  const first = firstCell === undefined ? created : Math.min(created, Date.parse(firstCell));
  return new Date(first - 600_000).toISOString();
}

/** Page by page: the scores of a page's traces are asked for, and nothing of it is held but which ids were counted. */
async function verifyScores(look: Look): Promise<{ found: number; complete: boolean }> {
  const { beat } = look;
  // A score that was judged again stands in two rows under one id.
  const counted = createDigestFlags();
  let found = 0;
  for await (const page of expectedRows(look, 'scores')) {
    const fresh = page.flatMap(({ ids }) => ids).filter((id) => counted.get(digestOf(id)) === 0);
    const wanted = new Set(fresh);
    for (const id of wanted) counted.set(digestOf(id), expectedFlag);
    const missing = await missingScores(look, { page, wanted });
    found += wanted.size - missing.size;
    beat.tell({ step: 'read scores', scores: counted.size });
  }
  return { found, complete: found === counted.size };
}

async function missingScores(
  look: Look,
  of: { readonly page: readonly Expected[]; readonly wanted: ReadonlySet<string> },
): Promise<ReadonlySet<string>> {
  const { record, platform, run, beat } = look;
  const missing = new Set(of.wanted);
  const traceIds = [...new Set(of.page.map(({ traceId }) => traceId))];
  for (let at = 0; at < traceIds.length && missing.size > 0; at += tracesPerRequest) {
    const asked = new Set(traceIds.slice(at, at + tracesPerRequest));
    for await (const page of platform.readBack({
      run,
      runUid: record.runUid,
      from: record.createdAt,
      kind: 'scores',
      traceIds: [...asked],
      scoreIds: of.page
        .filter(({ traceId }) => asked.has(traceId))
        .flatMap(({ ids }) => ids)
        .filter((id) => missing.has(id)),
      signal: beat.cancelled,
    })) {
      for (const id of page.scoreIds ?? []) missing.delete(id);
    }
  }
  return missing;
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
    scoreIds: [...missing],
    signal: beat.cancelled,
  })) {
    for (const id of page.scoreIds ?? []) missing.delete(id);
  }
  return { found: wanted - missing.size, complete: missing.size === 0 };
}
