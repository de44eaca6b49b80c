import type { OutboundExport, OutboundRecord, RefusedRecord } from '../../port.js';
import type { Rest } from '../rest.js';
import { metadataKey } from '../../trace/metadata-key.js';
import { resolveRunId, type RunIds } from './run-ids.js';

interface RunScoreEvent {
  readonly id: string;
  readonly body: {
    readonly datasetRunId?: string;
    readonly metadata: Readonly<Record<string, unknown>>;
  };
}

// Quotes within texts are escaped, so this can only be a member.
const mark = `${JSON.stringify(metadataKey.runName)}:`;

/** Whether these are scores of a run as a whole that were made for a v3 server. */
export function areOfLegacyRun({ kind, records }: OutboundExport): boolean {
  return kind === 'scores' && records.some(({ body }) => body.includes(mark));
}

/**
 * The export with the ids that its runs have on this server: it makes them up when the first trace is put into a run, long after
 * their ids were stored here. The scores keep theirs, so that what is sent again replaces itself.
 */
export async function withRunIds(
  batch: OutboundExport,
  on: { readonly rest: Rest; readonly runIds: RunIds; readonly signal: AbortSignal },
): Promise<{ readonly batch: OutboundExport; readonly refused: readonly RefusedRecord[] }> {
  const records: OutboundRecord[] = [];
  const refused: RefusedRecord[] = [];
  for (const record of batch.records) {
    if (!record.body.includes(mark)) {
      records.push(record);
      continue;
    }
    const events = JSON.parse(record.body) as readonly RunScoreEvent[];
    const placed: RunScoreEvent[] = [];
    for (const event of events) {
      const id = await runIdOf(event, on);
      if (id !== undefined) placed.push({ ...event, body: { ...event.body, datasetRunId: id } });
      else refused.push({ rowId: record.rowId, id: event.id, reason: 'its run does not exist' });
    }
    const ids = placed.map(({ id }) => id);
    if (ids.length > 0) records.push({ ...record, ids, body: JSON.stringify(placed) });
  }
  return { batch: { ...batch, records }, refused };
}

async function runIdOf(
  { body }: RunScoreEvent,
  on: { readonly rest: Rest; readonly runIds: RunIds; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const [datasetId, datasetName, runName] = [
    metadataKey.datasetId,
    metadataKey.datasetName,
    metadataKey.runName,
  ].map((key) => (typeof body.metadata[key] === 'string' ? body.metadata[key] : undefined));
  if (datasetId === undefined || datasetName === undefined || runName === undefined) {
    return undefined;
  }
  return resolveRunId({ datasetId, datasetName, runName }, on);
}
