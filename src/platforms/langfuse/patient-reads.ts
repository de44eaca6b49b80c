import { patiently } from '../patience.js';
import type { Rest, RestCall } from './rest.js';

/**
 * The same API, whose reads are repeated while the platform stumbles.
 *
 * @param maxTries fewer where somebody waits; default as `patiently` has it.
 */
export function patientReads(rest: Rest, maxTries?: number): Rest {
  return {
    ...rest,
    read: (call, schema) =>
      isRead(call)
        ? patiently(call.signal, () => rest.read(call, schema), maxTries)
        : rest.read(call, schema),
    find: (call, schema) =>
      isRead(call)
        ? patiently(call.signal, () => rest.find(call, schema), maxTries)
        : rest.find(call, schema),
  };
}

const isRead = ({ method }: RestCall): boolean => method === undefined || method === 'GET';
