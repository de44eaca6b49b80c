import { orAborted } from '../core/async/or-aborted.js';

/**
 * Runs work of one key after another: two that look before they write would both find nothing. The work gets a signal that ends
 * with the caller's, and with its turn where that can be lost.
 */
export type InTurn = <T>(
  key: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/** Turns of this process only, in the order in which they are asked for. Whoever is stopped while it waits waits no longer. */
export function createTurns(): InTurn {
  const last = new Map<string, Promise<void>>();
  return async (key, signal, work) => {
    const before = last.get(key) ?? Promise.resolve();
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const mine = before.then(() => ended);
    last.set(key, mine);
    try {
      await orAborted(before, signal);
      return await work(signal);
    } finally {
      end();
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
