/**
 * Runs tasks with no barrier between them: the next one starts when any one ends. How many are in flight may change while
 * they run: a lane above the window starts nothing more, and waits for the window to open again. The first failure is
 * thrown once all that was started has ended, so that nothing goes on unseen.
 */
export async function slidingWindow(options: {
  /** The widest that the window may ever be. */
  readonly lanes: number;
  /** How wide it is now, at least 1. */
  readonly window: () => number;
  /** Waits until something holds: the workflow's `condition`. */
  readonly wait: (until: () => boolean) => Promise<unknown>;
  /** The next task, or undefined when there is none and there will be none. */
  readonly next: () => (() => Promise<void>) | undefined;
}): Promise<void> {
  let failure: { error: unknown } | undefined;
  let exhausted = false;
  const over = (): boolean => exhausted || failure !== undefined;
  const lane = async (index: number): Promise<void> => {
    while (!over()) {
      if (index >= options.window()) {
        await options.wait(() => over() || index < options.window());
        continue;
      }
      const task = options.next();
      if (task === undefined) {
        exhausted = true;
        return;
      }
      try {
        await task();
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  // A lane that was waiting for the window when the run was cancelled.
  let unheard: { error: unknown } | undefined;
  const tellUnheard = (error: unknown): void => {
    unheard ??= { error };
  };
  // Lanes come into being when the window first reaches them: each one that only waited would have its condition asked in each
  // activation, and the SDK notes a stack for each promise (80 ms of a workflow task for 60 of them).
  const lanes: Promise<void>[] = [];
  const reached = (): boolean => lanes.length < options.lanes && lanes.length < options.window();
  const openLanes = async (): Promise<void> => {
    while (!over() && lanes.length < options.lanes) {
      if (reached()) lanes.push(lane(lanes.length).catch(tellUnheard));
      else await options.wait(() => over() || reached());
    }
  };
  await openLanes().catch(tellUnheard);
  await Promise.all(lanes);
  if (failure !== undefined) throw failure.error;
  if (unheard !== undefined) throw unheard.error;
}
