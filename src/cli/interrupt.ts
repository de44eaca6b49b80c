import { constants } from 'node:os';

/** Ctrl-C as an AbortSignal, for commands whose work goes on elsewhere. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** 128 + the number of the signal that came, as shells have it: 130 for Ctrl-C. */
  readonly exitCode: number;
  dispose(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens until `dispose`. A second signal ends the process at once: nothing of ours is left to stop. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  let exitCode = 0;
  const handle = (signal: NodeJS.Signals): void => {
    exitCode = 128 + constants.signals[signal];
    if (controller.signal.aborted) process.exit(exitCode);
    controller.abort();
  };
  for (const signal of signals) process.on(signal, handle);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose() {
      for (const signal of signals) process.off(signal, handle);
    },
  };
}
