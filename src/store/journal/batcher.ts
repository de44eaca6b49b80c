import { setTimeout as sleep } from 'node:timers/promises';

interface Waiting<In, Out> {
  readonly item: In;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects single items into batches. */
export interface Batcher<In, Out> {
  submit(item: In): Promise<Out>;
  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void>;
}

export interface BatcherOptions<In, Out> {
  /** Writes a batch and returns one result per item, in their order. */
  readonly flush: (items: readonly In[]) => Promise<readonly Out[]>;
  /** How long a batch is collected, in milliseconds. */
  readonly delayMs: number;
  readonly maxBatch: number;
}

/**
 * Micro-batches: one flush is under way at a time, so load makes batches bigger and not more of them. What
 * waits is bounded by its callers, who each wait for their item. Where a batch fails, its items are tried one by one, so
 * that a bad one fails alone.
 */
export function createBatcher<In, Out>(options: BatcherOptions<In, Out>): Batcher<In, Out> {
  const { flush, delayMs, maxBatch } = options;
  let queue: Waiting<In, Out>[] = [];
  let running: Promise<void> | undefined;

  const settle = async (batch: readonly Waiting<In, Out>[]): Promise<void> => {
    try {
      const results = await flush(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => {
        resolve(results[index] as Out);
      });
    } catch (error) {
      const [first] = batch;
      if (batch.length === 1 || first === undefined) first?.reject(error);
      else for (const waiting of batch) await settle([waiting]);
    }
  };

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      if (queue.length < maxBatch) await sleep(delayMs);
      const batch = queue.slice(0, maxBatch);
      queue = queue.slice(batch.length);
      await settle(batch);
    }
    running = undefined;
  };

  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        running ??= run();
      }),
    idle: async () => {
      while (running !== undefined) await running;
    },
  };
}
