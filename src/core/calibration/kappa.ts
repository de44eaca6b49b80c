import { defaultConfidence } from '../statistics/interval.js';
import { normalQuantile } from '../statistics/normal.js';
import { none, type Figure } from './figure.js';

/**
 * Cohen's kappa of two raters over the same items: the agreement beyond that of chance, 1 where they always agree, 0 where
 * they agree as often as their habits alone would make them.
 *
 * Sources: Cohen (1960); its standard error for an interval (not the one under kappa = 0) is that of Fleiss, Cohen and Everitt
 * (1969), "Large sample standard errors of kappa and weighted kappa", Psychological Bulletin 72, formula 13. The interval is
 * asymptotic, cut at −1 and 1.
 *
 * @param table counts by category of the first rater (rows) and the second (columns); square.
 */
export function kappaFigure(table: readonly (readonly number[])[]): Figure {
  const n = table.flat().reduce((sum, count) => sum + count, 0);
  if (n === 0) return none('no item has both a label and a verdict');
  const share = (row: number, column: number): number => (table[row]?.[column] ?? 0) / n;
  const all = table.map((_row, index) => index);
  const sum = (of: (index: number) => number): number =>
    all.reduce((total, index) => total + of(index), 0);
  const rows = all.map((row) => sum((column) => share(row, column)));
  const columns = all.map((column) => sum((row) => share(row, column)));
  const observed = sum((at) => share(at, at));
  const chance = sum((at) => (rows[at] ?? 0) * (columns[at] ?? 0));
  // Both raters use one category, and the same: 0 / 0.
  if (1 - chance < 1e-12) return none('people and judge gave one and the same label throughout');
  const kappa = (observed - chance) / (1 - chance);
  const off = 1 - kappa;
  const agreeing = sum(
    (at) => share(at, at) * (1 - ((rows[at] ?? 0) + (columns[at] ?? 0)) * off) ** 2,
  );
  const disagreeing = sum((row) =>
    sum((column) =>
      row === column ? 0 : share(row, column) * ((columns[row] ?? 0) + (rows[column] ?? 0)) ** 2,
    ),
  );
  const variance =
    (agreeing + off ** 2 * disagreeing - (kappa - chance * off) ** 2) / (n * (1 - chance) ** 2);
  const error = Math.sqrt(Math.max(0, variance));
  if (error <= 1e-9) {
    const note = 'the asymptotic interval has no width where the table has no spread';
    return { value: kappa, interval: null, n, note };
  }
  const half = normalQuantile(0.5 + defaultConfidence / 2) * error;
  const interval = {
    low: Math.max(-1, kappa - half),
    high: Math.min(1, kappa + half),
    confidence: defaultConfidence,
  };
  return { value: kappa, interval, n };
}
