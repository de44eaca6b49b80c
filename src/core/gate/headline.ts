import type { GateReport } from './gate-report.js';

/** One line on a verdict: what decided it. Reasons hold names of users: escape it for where it is shown. */
export function headlineOf({ verdict, comparison }: GateReport): string {
  const [first] = comparison.reasons;
  return first === undefined ? verdict : `${verdict}: ${first}`;
}
