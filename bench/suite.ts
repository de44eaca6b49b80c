import type { BenchContext, Measured, Measurement } from './engine/measurement.js';
import { figureOf, type Figure } from './report/figures.js';

/** The measurements that give the wanted figures, each with those of its figures that are wanted. */
export interface Selection {
  readonly measurement: Measurement;
  readonly wanted: readonly string[];
}

/** All figures of a suite. */
export function figureNames(measurements: readonly Measurement[]): readonly string[] {
  return measurements.flatMap(({ figures }) => Object.keys(figures));
}

/** What must be run for one figure, or for all. */
export function select(
  measurements: readonly Measurement[],
  only: string | undefined,
): readonly Selection[] {
  return measurements
    .map((measurement) => ({
      measurement,
      wanted: Object.keys(measurement.figures).filter(
        (name) => only === undefined || name === only,
      ),
    }))
    .filter(({ wanted }) => wanted.length > 0);
}

/** What a suite came to. */
export interface SuiteResult {
  readonly figures: Readonly<Record<string, Figure>>;
  /** Why measurements ended without their figures. */
  readonly failures: readonly string[];
}

/**
 * Runs the selection, one measurement after the other, and tells each figure as it is there. One that fails keeps none of the
 * others from being measured: the whole takes most of an hour.
 */
export async function runSuite(
  selection: readonly Selection[],
  on: BenchContext & { readonly onFigure: (name: string, figure: Figure) => void },
): Promise<SuiteResult> {
  const figures: Record<string, Figure> = {};
  const failures: string[] = [];
  for (const { measurement, wanted } of selection) {
    on.log(`${wanted.join(', ')} (about ${measurement.minutes} min)`);
    const measured = await measurement.measure(on).catch((error: unknown) => {
      on.signal.throwIfAborted();
      failures.push(`${wanted.join(', ')}: ${String(error)}`);
    });
    if (measured === undefined) continue;
    for (const name of wanted) {
      const figure = figureNamed(name, { measurement, measured });
      figures[name] = figure;
      on.onFigure(name, figure);
    }
  }
  return { figures, failures };
}

function figureNamed(
  name: string,
  {
    measurement,
    measured,
  }: { measurement: Measurement; measured: Readonly<Record<string, Measured>> },
): Figure {
  const of = measurement.figures[name];
  const value = measured[name];
  if (of === undefined || value === undefined) throw new Error(`nothing measured ${name}`);
  return figureOf({ ...of, ...value });
}
