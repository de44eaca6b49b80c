import { createHash, randomBytes, randomInt } from 'node:crypto';

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

/** An id in the shape of a cuid, which datasets and models carry. */
export function newCuid(): string {
  const time = Date.now().toString(36).padStart(8, '0');
  const rest = Array.from({ length: 16 }, () => alphabet[randomInt(36)]).join('');
  return `c${time}${rest}`;
}

export const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** The experiment id that a v4 server derives for a run name: first 16 hex of a sha256. */
export function stableExperimentId(projectId: string, datasetId: string, runName: string): string {
  const parts = JSON.stringify(['langfuse-experiment-v1', projectId, datasetId, runName]);
  return createHash('sha256').update(parts).digest('hex').slice(0, 16);
}
