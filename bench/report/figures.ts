/** What a figure must come to. */
export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A figure as the JSON line shows it. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  /** As people write it; absent where the figure is only reported. */
  readonly goal?: string;
  readonly met?: boolean;
  /** What the value is made of. */
  readonly parts?: Readonly<Record<string, number>>;
}

/** The last line of a bench with `--json`. */
export interface BenchResult {
  readonly bench: string;
  /** Where the bench draws numbers. */
  readonly seed?: number;
  readonly machine: { readonly cores: number; readonly memGiB: number; readonly node: string };
  readonly runs: number;
  readonly figures: Readonly<Record<string, Figure>>;
}

/** Three significant digits: more would pretend that a shared machine repeats itself. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** The figure of a measured value. */
export function figureOf(measured: {
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal | undefined;
  readonly parts?: Readonly<Record<string, number>> | undefined;
}): Figure {
  const { value, unit, goal, parts } = measured;
  return {
    value: rounded(value),
    unit,
    ...(goal === undefined ? {} : { goal: goalText(goal), met: isMet(value, goal) }),
    ...(parts === undefined
      ? {}
      : {
          parts: Object.fromEntries(
            Object.entries(parts).map(([name, part]) => [name, rounded(part)]),
          ),
        }),
  };
}

function isMet(value: number, { atMost, atLeast }: Goal): boolean {
  return (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
}

function goalText({ atMost, atLeast }: Goal): string {
  return [
    ...(atMost === undefined ? [] : [`≤ ${atMost}`]),
    ...(atLeast === undefined ? [] : [`≥ ${atLeast}`]),
  ].join(' and ');
}
