/** Ctrl-C as an AbortSignal. */
export interface Interrupt {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP; the reason is an AbortError. */
  readonly signal: AbortSignal;
  /** Resolves with the name of the signal that came. */
  readonly arrived: Promise<NodeJS.Signals>;
  /** Gives the signals back to Node's defaults. */
  dispose(): void;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Turns Ctrl-C into an abort. Further signals only call `onAgain`: an impatient second Ctrl-C that ended the
 * process at once would leave its servers behind, and their stop is bounded anyway.
 */
export const listenForInterrupt = (onAgain: () => void = () => undefined): Interrupt => {
  const controller = new AbortController();
  let resolveArrived: (signal: NodeJS.Signals) => void = () => undefined;
  const arrived = new Promise<NodeJS.Signals>((resolve) => {
    resolveArrived = resolve;
  });
  const handle = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      onAgain();
      return;
    }
    const reason = new Error(`Interrupted by ${signal}.`);
    reason.name = 'AbortError';
    controller.abort(reason);
    resolveArrived(signal);
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return {
    signal: controller.signal,
    arrived,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, handle);
    },
  };
};
