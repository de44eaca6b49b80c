import { patiently } from '../patience.js';
import type { Rest, RestCall } from './rest.js';

/** The same API, whose reads are repeated while the platform stumbles. */
export function patientReads(rest: Rest): Rest {
  return {
    ...rest,
    read: (call, schema) =>
      isRead(call)
        ? patiently(call.signal, () => rest.read(call, schema))
        : rest.read(call, schema),
    find: (call, schema) =>
      isRead(call)
        ? patiently(call.signal, () => rest.find(call, schema))
        : rest.find(call, schema),
  };
}

const isRead = ({ method }: RestCall): boolean => method === undefined || method === 'GET';
