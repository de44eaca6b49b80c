import { chunks } from '../../platforms/http/chunks.js';
import { onlySpans } from '../../platforms/otlp-subset.js';
import type {
  OutboundExport,
  OutboundRecord,
  RefusedRecord,
  SendOutcome,
} from '../../platforms/port.js';

/** What came of the parts of an export. */
export interface SentParts {
  readonly bad: readonly RefusedRecord[];
  /** Those of which the platform may hold all, some or nothing. */
  readonly unclear: ReadonlyMap<OutboundRecord, Unclear>;
  /** Why something is unclear. */
  readonly why?: string;
}

/** What came of a request without a clear answer, and whether its record stood alone in it. */
export type Unclear = Extract<SendOutcome, { readonly outcome: 'ambiguous' }> & {
  readonly alone: boolean;
};

/** What ends the sending before all parts were sent: a wait that the platform asks for, keys that it refuses. */
export type Stop = Exclude<SendOutcome, { readonly outcome: 'accepted' | 'ambiguous' }>;

/**
 * Sends an export in parts, since one record of it can fail all the others. What is refused is halved until it stands alone; a part
 * of which it stays unclear what came of it is left to the caller, who may have to look before it is sent again.
 *
 * @param on.parts how many to begin with. Default 2.
 */
export async function sendInParts(
  batch: OutboundExport,
  on: {
    readonly reason: string;
    readonly send: (part: OutboundExport) => Promise<SendOutcome>;
    readonly parts?: number;
  },
): Promise<SentParts | Stop> {
  const { reason, send, parts = 2 } = on;
  const bad: RefusedRecord[] = [];
  const unclear = new Map<OutboundRecord, Unclear>();
  if (batch.records.length <= 1) return { bad: asRefused(batch.records, reason), unclear };
  let why: string | undefined;
  for (const records of chunks(batch.records, Math.ceil(batch.records.length / parts))) {
    const part = { ...batch, records };
    const outcome = await send(part);
    if (outcome.outcome === 'accepted') bad.push(...outcome.refused);
    else if (outcome.outcome === 'ambiguous') {
      const alone = records.length === 1;
      for (const record of records) unclear.set(record, { ...outcome, alone });
      why = outcome.reason;
    } else if (outcome.outcome !== 'refused' || outcome.code === 'PLATFORM_UNAUTHORIZED') {
      return outcome;
    } else {
      const inner = await sendInParts(part, { send, reason: outcome.reason });
      if ('outcome' in inner) return inner;
      bad.push(...inner.bad);
      for (const [record, what] of inner.unclear) unclear.set(record, what);
      why ??= inner.why;
    }
  }
  return { bad, unclear, ...(why === undefined ? {} : { why }) };
}

/** All of some records, as refused for one reason. */
export const asRefused = (
  records: readonly OutboundRecord[],
  reason: string,
): readonly RefusedRecord[] =>
  records.flatMap(({ rowId, ids }) => ids.map((id) => ({ rowId, id, reason })));

/** Of records those spans or scores that are named. */
export function withOnly(
  records: readonly OutboundRecord[],
  ids: ReadonlySet<string>,
): readonly OutboundRecord[] {
  return records.flatMap((record) => {
    const kept = record.ids.filter((id) => ids.has(id));
    if (kept.length === 0) return [];
    return kept.length === record.ids.length
      ? [record]
      : [{ ...record, ids: kept, body: onlySpans(record.body, new Set(kept)) }];
  });
}

export const idsOf = ({ records }: OutboundExport): readonly string[] =>
  records.flatMap(({ ids }) => ids);
