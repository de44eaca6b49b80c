/** Figures of a comparison as people read them, the same in every writer. */
import type {
  ComparisonFigures,
  EvaluatorComparison,
  GrowthComparison,
  SideSummary,
} from '../regression/types.js';
import { figure, percent } from '../report/figures.js';
import type { Interval } from '../statistics/interval.js';

type Kind = EvaluatorComparison['kind'];

/** `82.8 %` of a rate, `0.71` of other scores; a dash where there is none. */
export function meanText(side: SideSummary | null, kind: Kind): string {
  if (side === null) return '—';
  return kind === 'rate' ? percent(side.mean) : figure(side.mean);
}

/** `2 pp` of a rate, `0.02` of other scores; a dash where there is none. */
export function marginText(margin: number | null, kind: Kind): string {
  return margin === null ? '—' : points(margin, kind);
}

/** `+27.9 pp (+21 pp to +34.7 pp)`; a dash where there is no estimate. */
export function differenceText(
  { estimate, interval }: Pick<ComparisonFigures, 'estimate' | 'interval'>,
  kind: Kind,
): string {
  if (estimate === null) return '—';
  const text = (amount: number): string => points(amount, kind);
  return `${signed(estimate, text)}${between(interval, text)}`;
}

/** Both sides of a guard and the change from the base: `+12 % (+3.1 % to +21 %)`. */
export function growthText(each: GrowthComparison): {
  readonly base: string;
  readonly head: string;
  readonly change: string;
} {
  const amount = (of: number | null): string => {
    if (of === null) return '—';
    return each.what === 'cost' ? `$${figure(of)}` : `${figure(of)} ms`;
  };
  const change = (share: number): string => percentOf(share);
  const { ratio, interval } = each;
  const shifted =
    interval === null ? null : { ...interval, low: interval.low - 1, high: interval.high - 1 };
  return {
    base: amount(each.base),
    head: amount(each.head),
    change: ratio === null ? '—' : `${signed(ratio - 1, change)}${between(shifted, change)}`,
  };
}

export const probabilityText = (p: number): string => (p < 0.0005 ? '< 0.001' : p.toFixed(3));

// A change can be more than the whole, where `percent` ends.
const percentOf = (share: number): string => `${Number((share * 100).toFixed(1))} %`;

const points = (amount: number, kind: Kind): string => {
  if (kind !== 'rate') return figure(amount);
  const percentagePoints = amount * 100;
  return `${Number(percentagePoints.toFixed(percentagePoints < 1 ? 2 : 1))} pp`;
};

const signed = (amount: number, text: (amount: number) => string): string =>
  `${amount > 0 ? '+' : amount < 0 ? '−' : ''}${text(Math.abs(amount))}`;

const between = (interval: Interval | null, text: (amount: number) => string): string =>
  interval === null ? '' : ` (${signed(interval.low, text)} to ${signed(interval.high, text)})`;
