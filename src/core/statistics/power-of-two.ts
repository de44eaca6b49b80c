/** A power of 2 about as large as a finite value, by which it is divided without any loss of digits; 1 for 0. */
export function powerOfTwoNear(value: number): number {
  if (value === 0) return 1;
  // Inside the range of normal doubles, so that neither it nor its inverse is 0 or infinite.
  return 2 ** Math.max(-1_000, Math.min(1_000, Math.floor(Math.log2(Math.abs(value)))));
}
