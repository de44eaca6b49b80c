/** Thrown into the seed that runs when somebody ends the suite. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs work that Ctrl-C or SIGTERM ends: it is given up, so that its caller takes down what it has started. Temporal and Postgres are
 * started anew amid a seed and then no children of the terminal. A second signal ends the process at once.
 *
 * @throws Interrupted
 */
export const untilInterrupted = async <Result>(work: Promise<Result>): Promise<Result> => {
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort(new Interrupted('interrupted'));
  };
  const interrupted = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener('abort', () => {
      reject(stopping.signal.reason as Interrupted);
    });
  });
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
};
