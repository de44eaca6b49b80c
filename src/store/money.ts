const PICO_DIGITS = 12;
const PICO = 10n ** 12n;

/** Pico-dollars as the text of a numeric(24,12) in dollars: 1_500_000_000_000n is `1.500000000000`. */
export function dollarsFromPico(pico: bigint): string {
  const sign = pico < 0n ? '-' : '';
  const size = pico < 0n ? -pico : pico;
  return `${sign}${size / PICO}.${String(size % PICO).padStart(PICO_DIGITS, '0')}`;
}

/**
 * The text of a numeric in dollars as pico-dollars, without the rounding of floating point.
 *
 * @throws RangeError where the text is no decimal number or is finer than a pico-dollar.
 */
export function picoFromDollars(dollars: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,12})0*)?$/.exec(dollars);
  if (match === null) throw new RangeError(`Not an amount in dollars: ${dollars}`);
  const [, sign, whole = '0', fraction = ''] = match;
  const size = BigInt(whole) * PICO + BigInt(fraction.padEnd(PICO_DIGITS, '0'));
  return sign === '-' ? -size : size;
}
