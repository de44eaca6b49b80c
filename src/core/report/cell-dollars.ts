import type { ReportCell } from './report-input.js';

const picoPerDollar = 1e12;

/**
 * What the calls of a cell cost together, in dollars; undefined where it made none, and where the price of one that was
 * answered is unknown: a part of the cost would read as a cheap cell.
 */
export function cellDollars({ calls }: ReportCell): number | undefined {
  let pico = 0n;
  let known = 0;
  for (const { costPico, error } of calls) {
    if (costPico !== undefined) {
      pico += costPico;
      known += 1;
    } else if (error === undefined || error.code === 'MODEL_ANSWER_INVALID') return undefined;
  }
  return known === 0 ? undefined : Number(pico) / picoPerDollar;
}
