import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';

import { AssayError } from '../../core/errors/assay-error.js';
import { withDeadline } from '../../outbound/deadline.js';
import { onlySpans } from '../../platforms/otlp-subset.js';
import type {
  OutboundExport,
  OutboundRecord,
  Platform,
  RefusedRecord,
  SendOutcome,
} from '../../platforms/port.js';
import type { PublisherSession } from '../../store/publisher/session.js';

/** D of the publishing rules: how long one request may take. */
export const sendDeadlineMs = 10_000;

/** Keys are rotated and firewalls stumble: people need a while to see it and to mend it. */
const keysWaitMs = 60_000;

/** How often the session is asked for its word while a request is on its way. */
const wordMs = 500;

/** A try that must be repeated later. */
export interface Blocked {
  readonly state: 'blocked';
  readonly waitMs: number;
  readonly reason: string;
  /** Where the platform refuses the keys: for how long it has done so. */
  readonly keysRefusedMs?: number;
}

/** What became of a try: through, or blocked for a while. */
export type ExportState = { readonly state: 'moved' } | Blocked;

/** Sends exports by the rules for a platform that cannot upsert (durability 15 to 17). */
export interface Exporter {
  /** Intent, POST, mark: for rows that were never sent. */
  send(request: {
    readonly kind: 'spans' | 'scores';
    readonly rows: readonly OutboundRecord[];
  }): Promise<ExportState>;
  /**
   * One look at every export with an intent and no mark: asks the platform, marks what is there, and once that can no longer
   * appear by itself sends what is missing, same bytes. `open` is how many are still unclear.
   */
  settle(): Promise<ExportState & { readonly open: number }>;
}

export function createExporter(on: {
  readonly platform: Platform;
  readonly session: PublisherSession;
  /** V of the publishing rules. */
  readonly visibilityMs: number;
  readonly log: Logger;
  /** Default {@link sendDeadlineMs}. */
  readonly deadlineMs?: number;
}): Exporter {
  const { platform, session, visibilityMs, log, deadlineMs = sendDeadlineMs } = on;
  // Kept in the store: whoever looks next, be it hours later in another process, must not take it for unclear.
  const keepForLater = (batch: OutboundExport): Promise<void> =>
    session.turnAway(batch.exportId, idsOf(batch));

  const keysRefused = async (
    exportId: string,
    { reason, unsent }: { readonly reason: string; readonly unsent?: readonly string[] },
  ): Promise<Blocked> => ({
    state: 'blocked',
    waitMs: keysWaitMs,
    reason: `the keys are refused (${reason}); correct the keys of the worker and restart it`,
    keysRefusedMs: await session.keysRefused(exportId, unsent),
  });

  // No connection, no POST: the lock is gone with it. A publisher that was frozen after its intent may go on while a successor
  // is sending, so the session is asked in the moment in which the request leaves. The intent is renewed on the next look,
  // which fails where the session is gone.
  const post = (batch: OutboundExport): Promise<SendOutcome> =>
    withDeadline(deadlineMs, [session.alive], async ({ signal }) => {
      // Some platforms need a request per cell besides, and the session's word is good for two seconds only.
      const word = setInterval(() => {
        session.touch().catch(() => undefined);
      }, wordMs);
      try {
        return await platform.send(batch, signal, () => session.mayPost());
      } finally {
        clearInterval(word);
      }
    });

  const attempt = async (batch: OutboundExport): Promise<ExportState> => {
    session.alive.throwIfAborted();
    const outcome = await post(batch);
    switch (outcome.outcome) {
      case 'accepted':
        await session.mark(batch.exportId, { outcome: 'accepted', refused: outcome.refused });
        reportRefused(outcome.refused);
        return { state: 'moved' };
      case 'ambiguous':
        log.warn(
          { exportId: batch.exportId, reason: outcome.reason },
          'export without a clear answer',
        );
        // It may have left much later than its intent says, where this process stood still while it connected: what the
        // platform may still show is waited for from now on.
        await session.reopenExport(batch.exportId);
        return { state: 'blocked', waitMs: 1_000, reason: outcome.reason };
      case 'later':
        await keepForLater(batch);
        return { state: 'blocked', waitMs: outcome.retryAfterMs, reason: outcome.reason };
      case 'unreachable':
        await keepForLater(batch);
        return { state: 'blocked', waitMs: 1_000, reason: outcome.reason };
      case 'refused':
        if (outcome.code === 'PLATFORM_UNAUTHORIZED') {
          const { reason } = outcome;
          return keysRefused(batch.exportId, { reason, unsent: idsOf(batch) });
        }
        return refused(batch, outcome);
    }
  };

  // A whole export is refused for one bad record in it: halve until it stands alone, so that the others get through.
  const refused = async (
    batch: OutboundExport,
    outcome: SendOutcome & { outcome: 'refused' },
  ): Promise<ExportState> => {
    const bad = outcome.splittable
      ? await sendHalves(batch, outcome.reason)
      : asRefused(batch.records, outcome.reason);
    if ('state' in bad) return bad;
    await session.mark(batch.exportId, { outcome: 'refused', refused: bad });
    reportRefused(bad);
    return { state: 'moved' };
  };

  const sendHalves = async (
    batch: OutboundExport,
    reason: string,
  ): Promise<readonly RefusedRecord[] | Blocked> => {
    if (batch.records.length <= 1) return asRefused(batch.records, reason);
    const middle = Math.ceil(batch.records.length / 2);
    const bad: RefusedRecord[] = [];
    for (const records of [batch.records.slice(0, middle), batch.records.slice(middle)]) {
      const half = { ...batch, records };
      // Each request has its deadline from an intent of its own.
      await session.reopenExport(batch.exportId);
      const outcome = await post(half);
      if (outcome.outcome === 'accepted') bad.push(...outcome.refused);
      else if (outcome.outcome !== 'refused') {
        const waitMs = outcome.outcome === 'later' ? outcome.retryAfterMs : 1_000;
        return { state: 'blocked', waitMs, reason: outcome.reason };
      } else if (outcome.code === 'PLATFORM_UNAUTHORIZED') {
        // No word on the records. Other halves may have arrived, so the export stays unclear.
        return keysRefused(batch.exportId, { reason: outcome.reason });
      } else {
        const inner = await sendHalves(half, outcome.reason);
        if ('state' in inner) return inner;
        bad.push(...inner);
      }
    }
    return bad;
  };

  const reportRefused = (records: readonly RefusedRecord[]): void => {
    for (const { id, reason } of records.slice(0, 20)) {
      log.warn({ platform: platform.name, id, reason }, 'the platform refused a record');
    }
  };

  const settleOne = async (
    open: Awaited<ReturnType<PublisherSession['openExports']>>[number],
  ): Promise<ExportState | 'unclear'> => {
    const records = await session.exportRecords(open.exportId);
    const batch: OutboundExport = {
      exportId: open.exportId,
      kind: open.kind,
      records,
      again: true,
    };
    if (open.turnedAway !== undefined) {
      await session.reopenExport(open.exportId);
      // Only these: where it was a second try, the rest had been found on the platform.
      return attempt({ ...batch, records: withOnly(records, new Set(open.turnedAway)) });
    }
    // A score's id is its key there: sending it again replaces it by itself.
    if (open.kind === 'scores') {
      await session.reopenExport(open.exportId);
      return attempt(batch);
    }
    // Asked before the platform is: what it showed while something could still appear is no proof that it will not.
    const age = Date.parse(await session.now()) - Date.parse(open.intendedAt);
    const settled = age >= deadlineMs + visibilityMs;
    const asked = settled ? { ...batch, settledTry: open.intendedAt } : batch;
    const found = await withDeadline(deadlineMs, [], ({ signal }) =>
      platform.findExport(asked, signal),
    );
    const missing = records.flatMap(({ ids }) => ids).filter((id) => !found.has(id));
    if (missing.length === 0) {
      await session.mark(open.exportId, { outcome: 'found' });
      return { state: 'moved' };
    }
    if (!settled) return 'unclear';
    await session.countResend(open.exportId);
    log.warn(
      { exportId: open.exportId, missing: missing.length },
      'sending again what the platform does not show',
    );
    return attempt({ ...asked, records: withOnly(records, new Set(missing)) });
  };

  return {
    async send({ kind, rows }) {
      const exportId = randomUUID();
      await session.intend({ exportId, kind, rowIds: rows.map((row) => row.rowId) });
      return attempt({ exportId, kind, records: rows });
    },
    async settle() {
      let worst: ExportState = { state: 'moved' };
      let open = 0;
      for (const each of await session.openExports()) {
        const state = await settleOne(each).catch((error: unknown) =>
          AssayError.is(error) && error.code === 'PLATFORM_UNAUTHORIZED'
            ? keysRefused(each.exportId, { reason: error.message })
            : unreachable(error),
        );
        if (state === 'unclear') open += 1;
        else if (state.state === 'blocked') {
          open += 1;
          // A look that goes on at once holds up nobody.
          if (state.waitMs === 0) continue;
          if (worst.state === 'moved' || worst.waitMs < state.waitMs) worst = state;
        }
      }
      return { ...worst, open };
    },
  };
}

function unreachable(error: unknown): Blocked {
  if (!AssayError.is(error) || error.entry.retry === 'never') throw error;
  return { state: 'blocked', waitMs: error.retryAfterMs ?? 1_000, reason: error.message };
}

const idsOf = ({ records }: OutboundExport): readonly string[] => records.flatMap(({ ids }) => ids);

const asRefused = (records: readonly OutboundRecord[], reason: string): readonly RefusedRecord[] =>
  records.flatMap(({ rowId, ids }) => ids.map((id) => ({ rowId, id, reason })));

function withOnly(
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
