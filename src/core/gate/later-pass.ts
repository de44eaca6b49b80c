import type { LaterPass } from '../../contracts/report/comparison.js';

const done: Readonly<Record<LaterPass['kind'], string>> = {
  retry: 'failed cells run again',
  rejudge: 'judged again',
  extend: 'more repetitions',
};

/** Which scores a verdict stands on, where the run has got others since. */
export const laterPassText = ({ pass, kind, startedAt }: LaterPass): string =>
  `The verdict and its figures are of the scores as they were before pass ${pass} (${done[kind]}, ` +
  `${startedAt.slice(0, 10)} ${startedAt.slice(11, 19)} UTC); all else here is of those of now. For a verdict on these, compare the run again.`;
