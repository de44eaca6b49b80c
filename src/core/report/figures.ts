/** Figures as people read them, the same in every writer. */
import type { Interval } from '../statistics/interval.js';

/** A share in per cent with one decimal; what is not all never reads `100 %`, what is something never `0 %`. */
export function percent(rate: number): string {
  if (rate === 0) return '0 %';
  if (rate === 1) return '100 %';
  if (rate < 0.0005) return '< 0.1 %';
  if (rate > 0.9995) return '> 99.9 %';
  return `${(rate * 100).toFixed(1)} %`;
}

/** `173 of 180`. */
export function nOf(n: number, of: number): string {
  return `${count(n)} of ${count(of)}`;
}

/** How many of the common items a part is about: `150 of 1,000`, and `1,000` where it is all of them. */
export function itemsText(items: number, common: number): string {
  return items === common ? count(items) : nOf(items, common);
}

/** A count with thousands separated: `12,345`. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `n cells`, `1 cell`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A number with about three significant digits, without an exponent where people would write none. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  if (Number.isInteger(value)) return count(value);
  const places = size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 5;
  // Zeros at the end say nothing: 0.250 reads as 0.25.
  return String(Number(value.toFixed(places)));
}

/** `81.5 – 91.5 %` */
export function percentInterval({ low, high }: Interval): string {
  const end = (rate: number): string =>
    rate === 0 || rate === 1 ? String(rate * 100) : (rate * 100).toFixed(1);
  return `${end(low)} – ${end(high)} %`;
}

/** `0.71 – 0.83` */
export function figureInterval({ low, high }: Interval): string {
  return `${figure(low)} – ${figure(high)}`;
}

/** Milliseconds as people say them: `812 ms`, `2.4 s`, `3 min 12 s`, `2 h 5 min`, `1 d 3 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 3_600) return pair(seconds, [60, 'min'], [1, 's']);
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return pair(minutes, [60, 'h'], [1, 'min']);
  return pair(Math.round(minutes / 60), [24, 'd'], [1, 'h']);
}

type Unit = readonly [size: number, name: string];

function pair(total: number, [size, name]: Unit, [, rest]: Unit): string {
  const left = total % size;
  const whole = `${Math.floor(total / size)} ${name}`;
  return left === 0 ? whole : `${whole} ${left} ${rest}`;
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of block characters, `width` characters at a share of 1; anything above 0 shows at least a sliver. */
export function bar(share: number, width = 20): string {
  const units = Math.min(width * 8, Math.max(share > 0 ? 1 : 0, Math.round(share * width * 8)));
  return '█'.repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? '');
}
