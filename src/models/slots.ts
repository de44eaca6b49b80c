/** A counted gate: at most `limit` holders at once, first come first served. */
export interface Slots {
  /** Waits for a slot; the returned function gives it back and may be called once. */
  acquire(signal: AbortSignal): Promise<() => void>;
  readonly inUse: number;
}

/** Makes a gate of so many slots. */
export function createSlots(limit: number): Slots {
  let inUse = 0;
  const queue: (() => void)[] = [];
  const release = (): void => {
    const next = queue.shift();
    if (next === undefined) inUse -= 1;
    else next();
  };
  const once = (): (() => void) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      release();
    };
  };
  return {
    get inUse() {
      return inUse;
    },
    async acquire(signal) {
      signal.throwIfAborted();
      if (inUse < limit) {
        inUse += 1;
        return once();
      }
      return new Promise((resolve, reject) => {
        const enter = (): void => {
          signal.removeEventListener('abort', leave);
          resolve(once());
        };
        const leave = (): void => {
          const at = queue.indexOf(enter);
          if (at >= 0) queue.splice(at, 1);
          reject(signal.reason as Error);
        };
        queue.push(enter);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
  };
}
