import type { GateRequest } from '../../contracts/gate-protocol.js';
import { contentHash } from '../ids/hash.js';
import { jsonDifferences, differenceProblem } from '../json/differences.js';
import type { Problem } from '../errors/assay-error.js';

/** Requests of one hash ask for the same gate. */
export const gateRequestHash = (request: GateRequest): string => contentHash(decisive(request));

/**
 * Whether a recorded gate is what is asked for. Its hash may be of a version that hashed all of the request: then its request says
 * it.
 */
export function isSameGate(
  recorded: { readonly request: GateRequest; readonly requestHash: string },
  asked: GateRequest,
): boolean {
  const hash = gateRequestHash(asked);
  return recorded.requestHash === hash || gateRequestHash(recorded.request) === hash;
}

/** What two requests of one name ask for differently. */
export const requestDifferences = (
  recorded: GateRequest,
  submitted: GateRequest,
): readonly Problem[] =>
  jsonDifferences(decisive(recorded), decisive(submitted)).map(differenceProblem);

/**
 * Without what decides nothing of the verdict: who waits for it goes by the place that it is asked from, and what a person
 * began is what a pipeline attaches to. The default stays, so that records keep their hashes.
 */
function decisive(request: GateRequest): GateRequest {
  const { head } = request;
  if (head.kind === 'run') return request;
  return { ...request, head: { ...head, spec: { ...head.spec, priority: 'bulk' } } };
}
