import { z } from 'zod';

import type { Rest } from '../rest.js';
import { runItemAnswer } from './answers.js';
import { listPages, pageRows, type PageQuery } from './pages.js';
import type { RunItem } from './run-item.js';

const path = '/api/public/dataset-run-items';
/** By how much the clocks of a worker and of the platform may differ. */
const clocksApartMs = 600_000;
/** Pages at a time where many must be read. */
const ahead = 4;

export interface RunPlace {
  readonly datasetId: string;
  readonly runName: string;
}

/**
 * Rows a page, at the first reading and at the one after it. The list is ordered by a time that many links share, and among
 * those a row can be on neither of two pages: on pages of another size it is not again just there.
 */
export const linkReadings = [pageRows, 91] as const;

/** The links of one run, the newest first. Of an item that is linked twice some servers show the last link only. */
export function linkPages(
  rest: Rest,
  run: RunPlace,
  on: Pick<PageQuery, 'signal' | 'limit' | 'from' | 'onTotal'>,
) {
  return listPages(
    rest,
    {
      ...on,
      path,
      query: { datasetId: run.datasetId, runName: run.runName },
      what: `the items of the run ${JSON.stringify(run.runName)}`,
      ahead,
    },
    runItemAnswer,
  );
}

/** Whether the run is there, with or without items that can be read by now. */
export async function runExists(rest: Rest, run: RunPlace, signal: AbortSignal): Promise<boolean> {
  const call = {
    path,
    query: { datasetId: run.datasetId, runName: run.runName, limit: 1 },
    what: `the run ${JSON.stringify(run.runName)}`,
    signal,
  };
  return (await rest.find(call, z.object({ data: z.array(z.unknown()) }))) !== undefined;
}

/** How far the links of a run have been read, from the newest back. */
export interface LinkPosition {
  /** Which of the two readings. */
  reading: number;
  /** The page that comes next. */
  page: number;
}

/** What is known of links, and how far each run's have been read: a reading that is cut off goes on from there. */
export interface LinkSearch {
  /** Traces that stand in their run. */
  readonly linked: Set<string>;
  readonly positions: Map<string, LinkPosition>;
}

export const newLinkSearch = (): LinkSearch => ({ linked: new Set(), positions: new Map() });

/**
 * Finds the traces of these that their runs show. The list cannot be asked for a trace, so it is read from its newest end back to
 * where the first of these cells began: no link is older than its cell. What is linked meanwhile moves the rest to later
 * pages, so who goes on at a page misses none of those that stood there when the reading began.
 */
export async function findLinks(
  rest: Rest,
  items: readonly RunItem[],
  { search, signal }: { readonly search: LinkSearch; readonly signal: AbortSignal },
): Promise<void> {
  const { linked, positions } = search;
  for (const ofRun of byRun(items)) {
    const [run] = ofRun;
    if (run === undefined) continue;
    const wanted = new Set(
      ofRun.map(({ traceId }) => traceId).filter((traceId) => !linked.has(traceId)),
    );
    const oldest = Math.min(...ofRun.map(({ startedAt }) => startedAt)) - clocksApartMs;
    const at = positions.get(runKey(run)) ?? { reading: 0, page: 1 };
    positions.set(runKey(run), at);
    while (wanted.size > 0 && at.reading < linkReadings.length) {
      const limit = linkReadings[at.reading] ?? pageRows;
      for await (const rows of linkPages(rest, run, { signal, limit, from: at.page })) {
        at.page += 1;
        for (const { traceId } of rows) if (wanted.delete(traceId)) linked.add(traceId);
        const last = Date.parse(rows.at(-1)?.createdAt ?? '');
        if (wanted.size === 0 || last < oldest) break;
      }
      // Of a single page nothing can be between two.
      at.reading = at.page <= 2 ? linkReadings.length : at.reading + 1;
      at.page = 1;
    }
  }
}

/** Grouped by run: one per repetition, so few. */
export function byRun(items: readonly RunItem[]): readonly (readonly RunItem[])[] {
  const runs = new Map<string, RunItem[]>();
  for (const item of items) {
    const key = runKey(item);
    runs.set(key, [...(runs.get(key) ?? []), item]);
  }
  return [...runs.values()];
}

export const runKey = ({ datasetId, runName }: RunPlace): string => `${datasetId}/${runName}`;
