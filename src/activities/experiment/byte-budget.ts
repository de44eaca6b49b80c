/** Bytes that a worker may hold at once, shared by all of its batches. */
export interface ByteBudget {
  readonly held: number;
  /**
   * Waits until so many bytes fit, first come first served; what is larger than the whole budget gets in when nothing else is
   * held. @throws the signal's reason
   */
  acquire(bytes: number, signal: AbortSignal): Promise<void>;
  /** Takes without waiting, for what is in memory already: those who come later wait for it. */
  take(bytes: number): void;
  release(bytes: number): void;
}

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

export function createByteBudget(limit: number): ByteBudget {
  const queue: Waiting[] = [];
  let held = 0;
  const fits = (bytes: number): boolean => held === 0 || held + bytes <= limit;
  const admit = (): void => {
    for (let [next] = queue; next !== undefined && fits(next.bytes); [next] = queue) {
      queue.shift();
      held += next.bytes;
      next.enter();
    }
  };
  return {
    get held() {
      return held;
    },
    acquire(bytes, signal) {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (queue.length === 0 && fits(bytes)) {
        held += bytes;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          queue.splice(queue.indexOf(waiting), 1);
          reject(signal.reason as Error);
          // Those behind may fit where this one did not.
          admit();
        };
        const waiting: Waiting = {
          bytes,
          enter: () => {
            signal.removeEventListener('abort', leave);
            resolve();
          },
        };
        queue.push(waiting);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    take(bytes) {
      held += bytes;
    },
    release(bytes) {
      held -= bytes;
      admit();
    },
  };
}
