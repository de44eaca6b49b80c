/**
 * Money is a bigint of pico-dollars (1e-12 $): a token of the cheapest model costs a fraction of a
 * micro-dollar, and sums of doubles would differ with the order in which cells end.
 */
import type { Usage } from '../../contracts/records.js';

/** Pico-dollars of one dollar. */
export const picoPerDollar = 1_000_000_000_000n;

/** The price of a model, in dollars per million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  /** For input tokens that came from the provider's cache. Default: as `input`. */
  readonly cachedInput?: number;
  /** For output tokens that the model thought with. Default: as `output`. */
  readonly reasoning?: number;
}

const decimal = /^(-?)(\d*)\.?(\d*)(?:e([+-]?\d{1,3}))?$/i;

/**
 * Pico-dollars of an amount in dollars, given as decimal text (as `numeric(24,12)` comes from Postgres) or as a
 * number, which is read as the decimal that it prints as: 0.15 is exactly 0.15. Digits below 1e-12 are rounded,
 * half away from zero.
 *
 * @throws RangeError where it is no decimal number.
 */
export function picoFromDollars(dollars: number | string): bigint {
  const match = decimal.exec(String(dollars));
  const [, sign, whole = '', fraction = '', exponent = '0'] = match ?? [];
  if (match === null || whole + fraction === '') throw new RangeError('not an amount of dollars');
  const digits = BigInt(whole + fraction);
  // The amount is digits × 10^shift pico-dollars.
  const shift = 12 - fraction.length + Number(exponent);
  const magnitude =
    shift >= 0 ? digits * 10n ** BigInt(shift) : divideHalfUp(digits, 10n ** BigInt(-shift));
  return sign === '-' ? -magnitude : magnitude;
}

function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor);
}

/** The amount in dollars as exact decimal text without an exponent, such as `0.0123`; the inverse of reading. */
export function dollarsFromPico(pico: bigint): string {
  const magnitude = pico < 0n ? -pico : pico;
  const fraction = String(magnitude % picoPerDollar)
    .padStart(12, '0')
    .replace(/0+$/, '');
  const whole = String(magnitude / picoPerDollar);
  return `${pico < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function tokens(count: number, what: string): bigint {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`${what} is not a count of tokens`);
  }
  return BigInt(count);
}

/**
 * What a call cost, in pico-dollars: tokens × price, rounded once, half up.
 *
 * Cached input tokens are part of the input tokens; more of them than input tokens (some gateways report them beside
 * each other) are charged as cached in full. Reasoning tokens are part of the output tokens, as OpenAI counts them, and
 * are billed once: at the price of output, or at their own where the model has one. Providers that count them beside the
 * output are put into this form where the answer is read.
 *
 * @throws RangeError where a count is negative or not whole, or a price is no decimal number or negative.
 */
export function costPico(usage: Usage, price: ModelPrice): bigint {
  const input = tokens(usage.inputTokens, 'inputTokens');
  const cached = tokens(usage.cachedInputTokens ?? 0, 'cachedInputTokens');
  const output = tokens(usage.outputTokens, 'outputTokens');
  const reasoning = smaller(tokens(usage.reasoningTokens ?? 0, 'reasoningTokens'), output);
  const uncached = input > cached ? input - cached : 0n;
  const total =
    uncached * rateOf(price.input) +
    cached * rateOf(price.cachedInput ?? price.input) +
    (output - reasoning) * rateOf(price.output) +
    reasoning * rateOf(price.reasoning ?? price.output);
  return divideHalfUp(total, 1_000_000n);
}

/**
 * The most that so many tokens can cost, in pico-dollars, rounded up: each at the highest price that it can have. Never
 * less than {@link costPico} of the same or fewer tokens.
 *
 * @throws RangeError as {@link costPico}.
 */
export function mostPico(
  most: { readonly inputTokens: number; readonly outputTokens: number },
  price: ModelPrice,
): bigint {
  const { input, output, cachedInput = input, reasoning = output } = price;
  const total =
    tokens(most.inputTokens, 'inputTokens') * larger(rateOf(input), rateOf(cachedInput)) +
    tokens(most.outputTokens, 'outputTokens') * larger(rateOf(output), rateOf(reasoning));
  return (total + 999_999n) / 1_000_000n;
}

function rateOf(dollars: number): bigint {
  if (dollars < 0) throw new RangeError('a price is negative');
  return picoFromDollars(dollars);
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The sum of what is known, and how many were known and unknown; an unknown cost is never zero. */
export interface CostSum {
  readonly pico: bigint;
  readonly known: number;
  readonly unknown: number;
}

/** Adds costs up; `undefined` is an unknown one. */
export function sumPico(costs: Iterable<bigint | undefined>): CostSum {
  let pico = 0n;
  let known = 0;
  let unknown = 0;
  for (const cost of costs) {
    if (cost === undefined) unknown += 1;
    else {
      pico += cost;
      known += 1;
    }
  }
  return { pico, known, unknown };
}

/**
 * An amount for people: cents from one dollar on (`$1,234.50`), three significant digits and at least cents
 * below it (`$0.0123`, `$0.50`, `$0.00000123`), `$0.00` for nothing.
 */
export function formatPico(pico: bigint): string {
  const sign = pico < 0n ? '-' : '';
  const magnitude = pico < 0n ? -pico : pico;
  // The place of the first significant digit: 12 for 0.1 $, 1 for a pico-dollar.
  const length = magnitude >= picoPerDollar || magnitude === 0n ? 13 : String(magnitude).length;
  const places = Math.min(12, Math.max(2, 13 - length + 2));
  const scaled = divideHalfUp(magnitude, 10n ** BigInt(12 - places));
  const unit = 10n ** BigInt(places);
  const whole = String(scaled / unit).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = String(scaled % unit).padStart(places, '0');
  const shortened = fraction.slice(0, 2) + fraction.slice(2).replace(/0+$/, '');
  return `${sign}$${whole}.${shortened}`;
}
