import { AssayError } from '../../../core/errors/assay-error.js';
import type { OutboundExport, SendOutcome } from '../../port.js';
import type { ServerGeneration } from '../generation.js';
import type { Rest } from '../rest.js';
import { sendExport } from '../send.js';
import { isBefore } from '../server-facts.js';
import type { Transport } from '../../http/transport.js';
import type { ExportLooks } from './export-looks.js';
import { linkTraces } from './link.js';
import type { RunIds } from './run-ids.js';
import { isForLegacy, runItemsOf } from './run-item.js';
import { areOfLegacyRun, withRunIds } from './run-scores.js';

/** The wait where the server is of a kind that cannot be spoken to: somebody has to see it. */
const unsupportedWaitMs = 15_000;

export interface LegacySending {
  readonly transport: Transport;
  readonly rest: Rest;
  readonly server: ServerGeneration;
  readonly runIds: RunIds;
  readonly looks: ExportLooks;
  readonly publicKey: string;
  readonly signal: AbortSignal;
  readonly mayLeave: (() => boolean) | undefined;
}

/** Whether an export was made for a v3 server, so that more than one request may be needed for it. */
export function needsLegacySending(batch: OutboundExport): boolean {
  return isForLegacy(batch) || areOfLegacyRun(batch);
}

/**
 * Sends what was planned on a v3 server. Where the server is a v4 one by now, the spans say it all: they carry the experiment
 * as well, and what is sent is what a v4 server is sent.
 */
export async function sendLegacy(batch: OutboundExport, on: LegacySending): Promise<SendOutcome> {
  const { transport, rest, server, runIds, looks, publicKey, signal, mayLeave } = on;
  try {
    // Scores of a run are few and last, and the run's id is another one on each kind of server: asked afresh.
    const seen = batch.kind === 'scores' ? server.look(signal) : server.known(signal);
    const { generation, version } = await seen;
    if (generation === 'v4') return await sendExport(transport, batch, { signal, mayLeave });
    if (batch.kind === 'scores') {
      const placed = await withRunIds(batch, { rest, runIds, signal });
      const outcome = await sendExport(transport, placed.batch, { signal, mayLeave });
      return outcome.outcome === 'accepted'
        ? { ...outcome, refused: [...outcome.refused, ...placed.refused] }
        : outcome;
    }
    const items = runItemsOf(batch);
    const older = { publicKey, idsAsBytes: isBefore(version, 3, 81) };
    const outcome = await sendExport(transport, batch, { signal, mayLeave, older });
    if (outcome.outcome !== 'accepted') return outcome;
    return await linkTraces(batch, items, { rest, runIds, looks, signal, mayLeave });
  } catch (error) {
    return outcomeOfError(error);
  }
}

/** What a question that came before the sending means for it: nothing was sent. */
function outcomeOfError(error: unknown): SendOutcome {
  if (!AssayError.is(error)) throw error;
  const reason = error.message;
  if (error.code === 'PLATFORM_UNAUTHORIZED') {
    return { outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED', reason, splittable: false };
  }
  if (error.entry.retry === 'never') {
    return { outcome: 'later', retryAfterMs: unsupportedWaitMs, reason };
  }
  const { retryAfterMs } = error;
  return retryAfterMs === undefined
    ? { outcome: 'unreachable', reason }
    : { outcome: 'later', retryAfterMs, reason };
}
