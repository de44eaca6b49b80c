import type { ObjectMap } from '../http/validate.js';
import type { Workspace } from '../workspace.js';
import type { Feedback } from './feedback.js';

/** The feedback that can be read now, by its run. */
export function feedbackByRun({ feedback }: Workspace): ReadonlyMap<string, readonly Feedback[]> {
  const now = Date.now();
  const byRun = new Map<string, Feedback[]>();
  for (const row of feedback.values()) {
    if (row.runId === null || row.visibleAt > now) continue;
    const rows = byRun.get(row.runId) ?? [];
    rows.push(row);
    byRun.set(row.runId, rows);
  }
  return byRun;
}

/** By key: how many, the mean of the numeric scores, and how often each text value stands. */
export function feedbackStats(rows: readonly Feedback[]): ObjectMap {
  const keys = new Set(rows.map(({ key }) => key));
  return Object.fromEntries(
    [...keys].map((key) => [key, statsOf(rows.filter((r) => r.key === key))]),
  );
}

function statsOf(rows: readonly Feedback[]): ObjectMap {
  const scores = rows.flatMap(({ score }) => (score === null ? [] : [Number(score)]));
  const values: Record<string, number> = {};
  for (const { value } of rows)
    if (typeof value === 'string') values[value] = (values[value] ?? 0) + 1;
  const mean = scores.reduce((total, score) => total + score, 0) / scores.length;
  return { n: rows.length, avg: scores.length === 0 ? null : mean, values };
}
