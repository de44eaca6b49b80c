import { chunks } from '../http/chunks.js';
import { forEachBounded } from '../http/bounded.js';
import { toNetworkFailure } from '../http/network-failure.js';
import type { HttpRequest, Transport } from '../http/transport.js';
import type { OutboundExport, RefusedRecord, SendOutcome } from '../port.js';
import { multipartBody, operationsOf, type Operation } from './operations.js';
import { outcomeOfAnswer, outcomeOfFailure, type PartOutcome } from './outcome.js';

/** Requests at a time where one is not enough. */
const width = 8;

type Leaving = Pick<HttpRequest, 'signal' | 'mayLeave'>;

/**
 * Sends an export: all that belongs to traces in one request, feedback on sessions in one for each.
 *
 * A 409 says that something of a request was received before and not whether the rest was taken, so then each id is sent by itself;
 * of an id a 409 is success. Where several records are refused, their halves are the publisher's to send. A single record is halved
 * here until what the server refuses stands alone: one bad score must not take the others of its cell along.
 */
export async function sendExport(
  transport: Transport,
  batch: OutboundExport,
  leaving: Leaving,
): Promise<SendOutcome> {
  const operations = operationsOf(batch);
  const bulk = operations.filter(({ alone }) => alone === undefined);
  const groups = eachAlone(operations.filter(({ alone }) => alone !== undefined));
  const boundary = `assay-${batch.exportId}`;
  const send: Send = (group) => post(transport, requestOf(group, boundary), leaving);
  if (bulk.length === 0) return sendGroups(groups, { send, taken: 0 });
  const outcome = await send(bulk);
  if (outcome.outcome === 'known') {
    return sendGroups(bulk.length === 1 ? groups : [...eachAlone(bulk), ...groups], {
      send,
      taken: 1,
    });
  }
  if (outcome.outcome === 'accepted') return sendGroups(groups, { send, taken: 1 });
  if (!isOfContent(outcome)) return outcome;
  return batch.records.length > 1
    ? { ...outcome, splittable: true }
    : sendParts(bulk, { outcome, send, groups });
}

/** Sends what a refused record holds in parts. Its root first: without it a trace is none, and nothing of it is to stand there. */
async function sendParts(
  bulk: readonly Operation[],
  on: { readonly outcome: Refused; readonly send: Send; readonly groups: Groups },
): Promise<SendOutcome> {
  const { outcome, send, groups } = on;
  const [only, ...others] = bulk;
  if (others.length === 0) return { ...outcome, reason: named(only, outcome.reason) };
  const root = bulk.find(({ isRoot }) => isRoot);
  if (root !== undefined) {
    const first = await send([root]);
    if (isOfContent(first)) return { ...first, reason: named(root, first.reason) };
    if (first.outcome !== 'known' && first.outcome !== 'accepted') return first;
  }
  const rest = bulk.filter((operation) => operation !== root);
  return sendGroups([...halves(rest), ...groups], { send, taken: 1 });
}

/** What leaves in one request each. */
type Groups = readonly (readonly Operation[])[];
type Send = (group: readonly Operation[]) => Promise<PartOutcome>;
type Refused = Extract<PartOutcome, { readonly outcome: 'refused' }>;

/** A refusal of what is sent, and not of the keys. */
const isOfContent = (outcome: PartOutcome): outcome is Refused =>
  outcome.outcome === 'refused' && outcome.code === 'PLATFORM_REFUSED';

const eachAlone = (operations: readonly Operation[]): Groups =>
  operations.map((operation) => [operation]);

const halves = (group: readonly Operation[]): Groups => chunks(group, Math.ceil(group.length / 2));

/** Which one it was: the ids are hashes, and say nothing to people. */
const named = (operation: Operation | undefined, reason: string): string =>
  operation === undefined ? reason : `${operation.what}: ${reason}`;

/** Stops at the first that does not get through; what was taken by then may be sent again. */
async function sendGroups(
  first: Groups,
  on: { readonly send: Send; /** Of requests before these. */ readonly taken: number },
): Promise<SendOutcome> {
  const refused: RefusedRecord[] = [];
  let stopped: SendOutcome | undefined;
  let { taken } = on;
  for (let groups = first; groups.length > 0 && stopped === undefined;) {
    const smaller: (readonly Operation[])[] = [];
    await forEachBounded(groups, width, async (group) => {
      if (stopped !== undefined) return;
      const outcome = await on.send(group);
      const [operation, ...others] = group;
      if (outcome.outcome === 'accepted') taken += 1;
      else if (outcome.outcome === 'known') {
        taken += 1;
        if (others.length > 0) smaller.push(...eachAlone(group));
      } else if (!isOfContent(outcome)) stopped ??= outcome;
      else if (others.length > 0) smaller.push(...halves(group));
      else if (operation !== undefined) {
        const { rowId, id } = operation;
        refused.push({ rowId, id, reason: named(operation, outcome.reason) });
      }
    });
    groups = smaller;
  }
  if (stopped?.outcome === 'unreachable' && taken > 0) {
    // `unreachable` says that nothing was sent.
    return { outcome: 'ambiguous', reason: stopped.reason };
  }
  return stopped ?? { outcome: 'accepted', refused };
}

/** One request: of feedback that stands alone, or of all the others. */
function requestOf(group: readonly Operation[], boundary: string): Omit<HttpRequest, 'signal'> {
  const [first] = group;
  if (first?.alone !== undefined) return { method: 'POST', path: '/feedback', body: first.alone };
  const { body, contentType } = multipartBody(group, boundary);
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
