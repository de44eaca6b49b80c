import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';

import { AssayError } from '../../core/errors/assay-error.js';
import { withDeadline } from '../../outbound/deadline.js';
import type { OutboundExport, Platform, RefusedRecord, SendOutcome } from '../../platforms/port.js';
import type { ExportMark, OpenExport, PublisherSession } from '../../store/publisher/session.js';
import { unreachable, type Blocked, type Exporter, type ExportState } from './export-state.js';
import { createFailures, failingPatienceMs, givenUp, leftAlone } from './export-failures.js';
import { asRefused, idsOf, sendInParts, withOnly } from './export-parts.js';

/** D of the publishing rules: how long one request may take. */
export const sendDeadlineMs = 10_000;

/** Keys are rotated and firewalls stumble: people need a while to see it and to mend it. */
const keysWaitMs = 60_000;

/** What stands alone with the errors that it provokes is tried again after this, and holds up nothing else meanwhile. */
const usualRestMs = 10_000;

/** How often the session is asked for its word while a request is on its way. */
const wordMs = 500;

export function createExporter(on: {
  readonly platform: Platform;
  readonly session: PublisherSession;
  /** V of the publishing rules. */
  readonly visibilityMs: number;
  readonly log: Logger;
  /** Default {@link sendDeadlineMs}. */
  readonly deadlineMs?: number;
  /** Default 10 s. */
  readonly restMs?: number;
  /** Default {@link failingPatienceMs}. */
  readonly patienceMs?: number;
}): Exporter {
  const { platform, session, visibilityMs, log } = on;
  const { deadlineMs = sendDeadlineMs, restMs = usualRestMs } = on;
  const { patienceMs = failingPatienceMs } = on;
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

  const failing = { session, post, patienceMs };

  const mark = async (exportId: string, as: ExportMark): Promise<void> => {
    await session.mark(exportId, as);
    failures.forget(exportId);
    resting.delete(exportId);
  };

  const failures = createFailures();
  const resting = new Map<string, Blocked & { readonly until: number }>();

  const attempt = async (batch: OutboundExport): Promise<ExportState> => {
    session.alive.throwIfAborted();
    const { exportId } = batch;
    if (failures.isSuspected(exportId) && batch.records.length > 1) {
      const parts = failures.partsFor(exportId);
      return halved(batch, { reason: 'an error of the server', parts });
    }
    const outcome = await post(batch);
    switch (outcome.outcome) {
      case 'accepted':
        await mark(exportId, { outcome: 'accepted', refused: outcome.refused });
        reportRefused(outcome.refused);
        return { state: 'moved' };
      case 'ambiguous':
        log.warn(
          { exportId: batch.exportId, reason: outcome.reason },
          'export without a clear answer',
        );
        await keepUnclear(batch);
        return failedOnce(batch, outcome);
      case 'later':
        await keepForLater(batch);
        await session.notFailing(exportId);
        return { state: 'blocked', waitMs: outcome.retryAfterMs, reason: outcome.reason };
      case 'unreachable':
        await keepForLater(batch);
        await session.notFailing(exportId);
        return { state: 'blocked', waitMs: 1_000, reason: outcome.reason };
      case 'refused':
        if (outcome.code === 'PLATFORM_UNAUTHORIZED') {
          const { reason } = outcome;
          return keysRefused(batch.exportId, { reason, unsent: idsOf(batch) });
        }
        return refused(batch, outcome);
    }
  };

  const failedOnce = async (
    { exportId, records }: OutboundExport,
    outcome: SendOutcome & { outcome: 'ambiguous' },
  ): Promise<Blocked> => {
    const { reason, answered } = outcome;
    const suspected = failures.isSuspected(exportId);
    if (answered === true) failures.count(exportId);
    else {
      failures.reset(exportId);
      await session.notFailing(exportId);
    }
    if (!suspected || answered !== true) return { state: 'blocked', waitMs: 1_000, reason };
    const alone = { ...outcome, alone: records.length === 1 };
    const left = leftAlone(new Map(records.map((record) => [record, alone])));
    if (left !== undefined) await session.failing(exportId, left);
    return rest(exportId, reason);
  };

  // A score's id is its key there: what is unclear of it is sent again without a search. Of spans the try may have left much later
  // than its intent says, where this process stood still while it connected: what the platform may still show is waited for from
  // now on.
  const keepUnclear = async (batch: OutboundExport): Promise<void> => {
    if (batch.kind === 'scores') await keepForLater(batch);
    else await session.reopenExport(batch.exportId);
  };

  const rest = (exportId: string, reason: string): Blocked => {
    const blocked: Blocked = { state: 'blocked', waitMs: 0, reason };
    resting.set(exportId, { ...blocked, waitMs: restMs, until: performance.now() + restMs });
    return blocked;
  };

  const refused = async (
    batch: OutboundExport,
    outcome: SendOutcome & { outcome: 'refused' },
  ): Promise<ExportState> => {
    if (outcome.splittable === true) return halved(batch, { reason: outcome.reason });
    return settleRefused(batch, asRefused(batch.records, outcome.reason));
  };

  const settleRefused = async (
    { exportId }: OutboundExport,
    bad: readonly RefusedRecord[],
  ): Promise<ExportState> => {
    await mark(exportId, { outcome: bad.length > 0 ? 'refused' : 'accepted', refused: bad });
    reportRefused(bad);
    return { state: 'moved' };
  };

  const halved = async (
    batch: OutboundExport,
    { reason, parts = 2 }: { readonly reason: string; readonly parts?: number },
  ): Promise<ExportState> => {
    const { exportId, records } = batch;
    const send = async (part: OutboundExport): Promise<SendOutcome> => {
      // Each request has its deadline from an intent of its own.
      await session.reopenExport(exportId);
      return post(part);
    };
    const sent = await sendInParts(batch, { reason, parts, send });
    // Other parts may have arrived, so the export stays unclear.
    if ('outcome' in sent) {
      if (sent.outcome === 'refused') return keysRefused(exportId, { reason: sent.reason });
      await session.notFailing(exportId);
      const waitMs = sent.outcome === 'later' ? sent.retryAfterMs : 1_000;
      return { state: 'blocked', waitMs, reason: sent.reason };
    }
    const { bad, unclear, why } = sent;
    if (why === undefined) return settleRefused(batch, bad);
    // What was refused is sent once more with the rest: it is noted where the export ends.
    const again = new Set(bad.map(({ rowId }) => rowId));
    const left = records.filter((each) => unclear.has(each) || again.has(each.rowId));
    await keepUnclear({ ...batch, records: left });
    log.warn({ exportId, of: records.length, left: left.length, reason: why }, 'sent in parts');
    if ([...unclear.values()].some(({ answered }) => answered !== true)) {
      await session.notFailing(exportId);
    }
    const alone = leftAlone(unclear, bad);
    const through = unclear.size < records.length;
    const fewer = left.length < records.length;
    if (through) failures.poisoned(exportId);
    if (fewer) failures.begin(exportId);
    else failures.count(exportId);
    if (alone !== undefined) await session.failing(exportId, alone);
    // Where nothing of it ever got through, it is the platform that is in trouble, for all that this publisher knows.
    const isPoisoned = fewer
      ? alone !== undefined || left.length === 1
      : failures.isPoisoned(exportId);
    if (isPoisoned) return rest(exportId, why);
    if (through) return { state: 'blocked', waitMs: 0, reason: why };
    return { state: 'blocked', waitMs: 5_000, reason: why };
  };

  const reportRefused = (records: readonly RefusedRecord[]): void => {
    for (const { id, reason } of records.slice(0, 20)) {
      log.warn({ platform: platform.name, id, reason }, 'the platform refused a record');
    }
  };

  const settleOne = async (open: OpenExport): Promise<ExportState | 'unclear'> => {
    const records = await session.exportRecords(open.exportId);
    const batch: OutboundExport = {
      exportId: open.exportId,
      kind: open.kind,
      records,
      again: true,
    };
    if (open.failing) failures.recall(open.exportId);
    if (open.turnedAway !== undefined) {
      // Only these: where it was a second try, the rest had been found on the platform.
      const left = withOnly(records, new Set(open.turnedAway));
      const bad = await givenUp({ ...batch, records: left }, { ...failing, beside: records });
      if (bad !== undefined) return settleRefused(batch, bad);
      await session.reopenExport(open.exportId);
      return attempt({ ...batch, records: left });
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
      await mark(open.exportId, { outcome: 'found' });
      return { state: 'moved' };
    }
    if (!settled) return 'unclear';
    const left = withOnly(records, new Set(missing));
    const bad = await givenUp({ ...batch, records: left }, failing);
    if (bad !== undefined) return settleRefused(batch, bad);
    await session.countResend(open.exportId);
    log.warn(
      { exportId: open.exportId, missing: missing.length },
      'sending again what the platform does not show',
    );
    return attempt({ ...asked, records: left });
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
        if ((resting.get(each.exportId)?.until ?? 0) > performance.now()) {
          open += 1;
          continue;
        }
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
      const [last] = [...resting.values()].slice(-1);
      return { ...worst, open, ...(last === undefined ? {} : { resting: last }) };
    },
  };
}
