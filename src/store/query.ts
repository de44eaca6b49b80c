import { setTimeout as sleep } from 'node:timers/promises';

import { isCollision } from './failures.js';

/** Something that takes SQL: a pool, or the one connection of a transaction. Its failures are coded already. */
export interface Queryable {
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

/** The rows of a statement. `Row` is trusted: the statement beside the call decides its columns. */
export async function rowsOf<Row>(
  on: Queryable,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const { rows } = await on.query(text, values);
  return rows as Row[];
}

/** How many rows a statement wrote. */
export async function countOf(
  on: Queryable,
  text: string,
  values: readonly unknown[] = [],
): Promise<number> {
  const { rowCount } = await on.query(text, values);
  return rowCount ?? 0;
}

/**
 * Runs again what met a deadlock: two batches that hold the same rows (a zombie's and its successor's) lock
 * them in the order in which the planner finds them, which no ORDER BY on the input decides.
 */
export async function throughCollisions<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isCollision(error) || attempt === 5) throw error;
      await sleep(attempt * 10 * (1 + Math.random()));
    }
  }
}
