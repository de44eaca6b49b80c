import { setTimeout as wait } from 'node:timers/promises';

/** Waits until something holds; the error names how long it was waited for. */
export async function until(
  holds: () => Promise<boolean> | boolean,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`did not happen within ${timeoutMs} ms`);
    await wait(50);
  }
}
