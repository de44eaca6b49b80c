/**
 * Runs tasks with at most `window` in flight and no barrier between them: the next one starts when any one ends. The first
 * failure is thrown once all that was started has ended, so that nothing goes on unseen.
 */
export async function slidingWindow(options: {
  readonly window: number;
  /** The next task, or undefined when there is none. */
  readonly next: () => (() => Promise<void>) | undefined;
}): Promise<void> {
  let failure: { error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    while (failure === undefined) {
      const task = options.next();
      if (task === undefined) return;
      try {
        await task();
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: options.window }, lane));
  if (failure !== undefined) throw failure.error;
}
