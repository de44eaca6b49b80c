import { count, counted } from '../report/figures.js';
import type { RunScores } from './run-scores.js';

/** In how much of a run the judge said that it cannot tell; empty where it never did, or is no judge. */
export function abstentions(
  name: string,
  { of, run }: { readonly of: string; readonly run: RunScores },
): readonly string[] {
  const n = run.abstained.get(name) ?? 0;
  if (n === 0) return [];
  const cells = run.planned.reduce((sum, planned) => sum + planned, 0);
  return [
    n === cells
      ? `in all ${counted(n, 'cell')} of ${of}`
      : `in ${count(n)} of ${counted(cells, 'cell')} of ${of}`,
  ];
}
