/**
 * Runs `work` for each entry, at most `width` at a time. After a failure nothing new starts; the first failure is thrown
 * once all that runs has ended, so that nothing goes on unseen.
 */
export async function forEachBounded<T>(
  entries: readonly T[],
  width: number,
  work: (entry: T) => Promise<void>,
): Promise<void> {
  const queue = entries.values();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const entry of queue) {
      if (failures.length > 0) return;
      try {
        await work(entry);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, entries.length) }, lane));
  if (failures.length > 0) throw failures[0];
}
