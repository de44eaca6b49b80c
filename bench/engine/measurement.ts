import type { Goal } from '../report/figures.js';

/** What a measurement is run with. */
export interface BenchContext {
  /** How often; a figure's value is the median. */
  readonly runs: number;
  readonly signal: AbortSignal;
  /** See BenchStackOptions. */
  readonly profileFolder?: string | undefined;
  /** One line of progress. */
  readonly log: (line: string) => void;
}

/** One figure of a measurement. */
export interface FigureOf {
  readonly unit: string;
  readonly goal?: Goal;
}

/** The value of a figure, and what it is made of. */
export interface Measured {
  readonly value: number;
  readonly parts?: Readonly<Record<string, number>>;
}

/** One load and the figures that it gives. It brings its own stack up and down. */
export interface Measurement {
  readonly figures: Readonly<Record<string, FigureOf>>;
  /** How long it takes on the machine of docs/benchmarks.md with three runs, for people who wait. */
  readonly minutes: number;
  measure(context: BenchContext): Promise<Readonly<Record<string, Measured>>>;
}

/** Makes one value out of each run's. */
export async function repeat<Result>(
  { runs, signal }: BenchContext,
  once: (run: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let run = 1; run <= runs; run += 1) {
    signal.throwIfAborted();
    results.push(await once(run));
  }
  return results;
}
