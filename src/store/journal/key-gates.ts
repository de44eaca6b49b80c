import { orAborted } from '../../core/async/or-aborted.js';

interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/**
 * One holder of a key at a time in this process. The journal's own claims cannot tell two attempts of one
 * process apart, since both have its owner; without this, an attempt that Temporal gave up and its successor
 * on the same worker would both make the call.
 */
export interface KeyGates {
  /** Waits until the key is free, then holds it. Rejects with the signal's reason. */
  shut(key: string, signal?: AbortSignal): Promise<void>;
  /** Lets the next one in; opening a free key does nothing. */
  open(key: string): void;
}

const newGate = (): Gate => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

/** Makes gates that are all open. */
export function createKeyGates(): KeyGates {
  const gates = new Map<string, Gate>();
  return {
    shut: async (key, signal) => {
      signal?.throwIfAborted();
      for (let gate = gates.get(key); gate !== undefined; gate = gates.get(key)) {
        await (signal === undefined ? gate.opened : orAborted(gate.opened, signal));
      }
      gates.set(key, newGate());
    },
    open: (key) => {
      const gate = gates.get(key);
      gates.delete(key);
      gate?.open();
    },
  };
}
