import type { CellSource } from '../../contracts/records.js';

/** Where something was made, as metadata says it: `{run}/{trace id}`. The name of a run holds no slash. */
export function sourceText({ experiment, traceId }: CellSource): string {
  return `${experiment}/${traceId}`;
}
