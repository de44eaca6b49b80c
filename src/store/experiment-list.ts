import { sql } from 'kysely';

import type { ExperimentStatus } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import { experimentOfRow, type ExperimentRecord } from './experiments.js';
import type { Store } from './store.js';

export interface ExperimentFilter {
  readonly project?: string;
  readonly status?: readonly ExperimentStatus[];
  /** 1 to 500; default 50. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

export interface ExperimentPage {
  readonly experiments: readonly ExperimentRecord[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

// The time in full precision: milliseconds would skip runs that began in the same one.
const cursorTime = sql<string>`created_at::text`;

const encodeCursor = (time: string, id: string): string =>
  Buffer.from(JSON.stringify([time, id])).toString('base64url');

const decodeCursor = (cursor: string): { readonly time: string; readonly id: string } => {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts)) {
      const [time, id] = parts as unknown[];
      const readable = typeof time === 'string' && /^\d{4,}-\d\d-\d\d [\d:.+-]+$/.test(time);
      if (readable && typeof id === 'string') return { time, id };
    }
  } catch {
    // No JSON: not one of ours, as below.
  }
  throw new AssayError('USAGE', 'The cursor is not one that a list of experiments returned.', {
    mend: 'Leave the cursor out to begin at the newest.',
  });
};

/**
 * Runs, the newest first, a page at a time.
 *
 * @throws AssayError USAGE for a cursor that is not ours.
 */
export async function listExperiments(
  store: Store,
  filter: ExperimentFilter = {},
): Promise<ExperimentPage> {
  const limit = Math.min(Math.max(filter.limit ?? 50, 1), 500);
  let query = store.db
    .selectFrom('assay.experiments')
    .selectAll()
    .select(cursorTime.as('cursor_time'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1);
  if (filter.project !== undefined) query = query.where('project', '=', filter.project);
  if (filter.status !== undefined) query = query.where('status', 'in', [...filter.status]);
  if (filter.cursor !== undefined) {
    const { time, id } = decodeCursor(filter.cursor);
    query = query.where(sql<boolean>`(created_at, id) < (${time}::timestamptz, ${id})`);
  }
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    experiments: page.map(experimentOfRow),
    nextCursor:
      rows.length > limit && last !== undefined
        ? encodeCursor(last.cursor_time, last.id)
        : undefined,
  };
}
