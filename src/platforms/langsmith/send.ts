import { forEachBounded } from '../http/bounded.js';
import { toNetworkFailure } from '../http/network-failure.js';
import type { HttpRequest, Transport } from '../http/transport.js';
import type { OutboundExport, RefusedRecord, SendOutcome } from '../port.js';
import { multipartBody, operationsOf, type Operation } from './operations.js';
import { outcomeOfAnswer, outcomeOfFailure, type PartOutcome } from './outcome.js';

/** Requests at a time where each id needs its own. */
const width = 8;

type Leaving = Pick<HttpRequest, 'signal' | 'mayLeave'>;

/**
 * Sends an export: all that belongs to traces in one request, feedback on sessions in one for each. A 409 says that something of a
 * request was received before and not whether the rest was taken, so then each id is sent by itself; of an id a 409 is success.
 */
export async function sendExport(
  transport: Transport,
  batch: OutboundExport,
  leaving: Leaving,
): Promise<SendOutcome> {
  const operations = operationsOf(batch);
  const bulk = operations.filter(({ alone }) => alone === undefined);
  const boundary = `assay-${batch.exportId}`;
  const single: Operation[] = operations.filter(({ alone }) => alone !== undefined);
  if (bulk.length > 0) {
    const outcome = await post(transport, bulkRequest(bulk, boundary), leaving);
    if (outcome.outcome === 'known') {
      if (bulk.length > 1) single.push(...bulk);
    } else if (outcome.outcome === 'refused' && outcome.code === 'PLATFORM_REFUSED') {
      return { ...outcome, splittable: batch.records.length > 1 };
    } else if (outcome.outcome !== 'accepted') return outcome;
  }
  return sendSingly(single, (operation) =>
    post(
      transport,
      operation.alone === undefined
        ? bulkRequest([operation], boundary)
        : { method: 'POST', path: '/feedback', body: operation.alone },
      leaving,
    ),
  );
}

/** Stops at the first that does not get through; what was taken by then may be sent again. */
async function sendSingly(
  operations: readonly Operation[],
  send: (operation: Operation) => Promise<PartOutcome>,
): Promise<SendOutcome> {
  const refused: RefusedRecord[] = [];
  let stopped: SendOutcome | undefined;
  let taken = 0;
  await forEachBounded(operations, width, async (operation) => {
    if (stopped !== undefined) return;
    const outcome = await send(operation);
    if (outcome.outcome === 'known' || outcome.outcome === 'accepted') taken += 1;
    else if (outcome.outcome === 'refused' && outcome.code === 'PLATFORM_REFUSED') {
      const { rowId, id } = operation;
      refused.push({ rowId, id, reason: outcome.reason });
    } else stopped ??= outcome;
  });
  if (stopped?.outcome === 'unreachable' && taken > 0) {
    // `unreachable` says that nothing was sent.
    return { outcome: 'ambiguous', reason: stopped.reason };
  }
  return stopped ?? { outcome: 'accepted', refused };
}

function bulkRequest(
  operations: readonly Operation[],
  boundary: string,
): Omit<HttpRequest, 'signal'> {
  const { body, contentType } = multipartBody(operations, boundary);
  return {
    method: 'POST',
    path: '/runs/multipart',
    body,
    headers: { 'content-type': contentType },
  };
}

async function post(
  transport: Transport,
  request: Omit<HttpRequest, 'signal'>,
  leaving: Leaving,
): Promise<PartOutcome> {
  try {
    return outcomeOfAnswer(await transport.exchange({ ...request, ...leaving }), Date.now());
  } catch (error) {
    return outcomeOfFailure(toNetworkFailure(error));
  }
}
