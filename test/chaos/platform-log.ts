import { setTimeout as wait } from 'node:timers/promises';

import { writesV3, writesV4, type WriteMode } from '../../src/devstack/langfuse/mode.js';

/** The platform as anybody sees it through its public API, and the way to order its faults. */
export interface PlatformLog {
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Waits until everything that the platform has accepted can be read. */
  allVisible(): Promise<void>;
  /** How many rows v2/observations (on Langfuse 3: observations) shows of each `trace/span` of a run. */
  spanRows(runUid: string): Promise<ReadonlyMap<string, number>>;
  /** How many rows v3/scores (on Langfuse 3: v2/scores) shows of each score of these traces. */
  scoreRows(traceIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Rows in its database beyond one per span (v4) or per trace in a run (v3), whether the API shows them or not. */
  twiceInDatabase(): Promise<number>;
  /** Records that were sent again and replaced themselves: scores, and the spans of a Langfuse 3. */
  rewritten(): Promise<number>;
  /** The ids of the active items of a dataset, with how many there are of each; and how often items were written. */
  itemRows(dataset: string): Promise<ReadonlyMap<string, number>>;
  itemWrites(): Promise<number>;
}

interface Page {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly meta: { readonly cursor?: string; readonly totalPages?: number };
}

interface Stats {
  readonly rows: Readonly<
    Record<'v3_observations' | 'dataset_run_items' | 'dataset_items' | 'scores', number>
  >;
  readonly spans: { readonly pending: number; readonly duplicates: number };
  readonly scores: { readonly pending: number; readonly current: number };
}

/** The longest that the v3 tables keep an accepted write to themselves; nothing counts what they still hide. */
const longestDelayMs = 5_000;

const count = (rows: Map<string, number>, key: string): void => {
  rows.set(key, (rows.get(key) ?? 0) + 1);
};

export const openPlatformLog = (service: {
  url: string;
  publicKey: string;
  secretKey: string;
  mode: WriteMode;
}): PlatformLog => {
  const onV3 = !writesV4(service);
  const keys = Buffer.from(`${service.publicKey}:${service.secretKey}`).toString('base64');
  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, service.url), {
      method,
      headers: { authorization: `Basic ${keys}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const pages = async function* (
    path: string,
    query: Readonly<Record<string, string>>,
  ): AsyncGenerator<Page['data']> {
    for (let cursor: string | undefined; ;) {
      const all = new URLSearchParams({ ...query, ...(cursor === undefined ? {} : { cursor }) });
      const page = (await admin('GET', `${path}?${all.toString()}`)) as Page;
      yield page.data;
      cursor = page.meta.cursor;
      if (cursor === undefined) return;
    }
  };
  const numbered = async function* (
    path: string,
    query: Readonly<Record<string, string>>,
  ): AsyncGenerator<Page['data']> {
    for (let page = 1, last = 1; page <= last; page += 1) {
      const all = new URLSearchParams({ ...query, page: String(page), limit: '100' });
      const { data, meta } = (await admin('GET', `${path}?${all.toString()}`)) as Page;
      yield data;
      last = meta.totalPages ?? 1;
    }
  };
  const spanKey = (row: Page['data'][number]): string =>
    `${String(row['traceId'])}/${String(row['id'])}`;
  /** A stack holds one run, so all there is belongs to it. */
  const rowsOnV3 = async (
    path: string,
    keyOf: (row: Page['data'][number]) => string,
  ): Promise<ReadonlyMap<string, number>> => {
    const rows = new Map<string, number>();
    for await (const page of numbered(path, {})) for (const row of page) count(rows, keyOf(row));
    return rows;
  };
  const stats = async (): Promise<Stats> => (await admin('GET', '/dev/stats')) as Stats;
  /** Traces that stand in a run of a dataset. */
  const linked = async (): Promise<number> => {
    const traces = new Set<string>();
    for await (const datasets of numbered('/api/public/v2/datasets', {})) {
      for (const { name, id } of datasets) {
        const base = `/api/public/datasets/${encodeURIComponent(String(name))}/runs`;
        for await (const runs of numbered(base, {})) {
          for (const run of runs) {
            const of = { datasetId: String(id), runName: String(run['name']) };
            for await (const items of numbered('/api/public/dataset-run-items', of))
              for (const item of items) traces.add(String(item['traceId']));
          }
        }
      }
    }
    return traces.size;
  };

  return {
    admin,
    async allVisible() {
      for (;;) {
        const { spans, scores } = await stats();
        if (spans.pending + scores.pending === 0) break;
        await wait(200);
      }
      if (writesV3(service)) await wait(longestDelayMs);
    },
    async spanRows(runUid) {
      if (onV3) return rowsOnV3('/api/public/observations', spanKey);
      const rows = new Map<string, number>();
      const ofRun = {
        type: 'stringObject',
        column: 'metadata',
        key: 'assay.run_uid',
        operator: '=',
        value: runUid,
      };
      const query = { limit: '1000', filter: JSON.stringify([ofRun]) };
      for await (const page of pages('/api/public/v2/observations', query)) {
        for (const row of page) count(rows, spanKey(row));
      }
      return rows;
    },
    async scoreRows(traceIds) {
      if (onV3) {
        const ofTraces = new Set(traceIds);
        const all = await rowsOnV3('/api/public/v2/scores', (row) =>
          ofTraces.has(String(row['traceId'])) ? String(row['id']) : '',
        );
        return new Map([...all].filter(([id]) => id !== ''));
      }
      const rows = new Map<string, number>();
      for (let at = 0; at < traceIds.length; at += 50) {
        const query = { limit: '100', traceId: traceIds.slice(at, at + 50).join(',') };
        for await (const page of pages('/api/public/v3/scores', query)) {
          for (const row of page) count(rows, String(row['id']));
        }
      }
      return rows;
    },
    async twiceInDatabase() {
      const { rows, spans } = await stats();
      if (!writesV3(service)) return spans.duplicates;
      return spans.duplicates + (rows.dataset_run_items - (await linked()));
    },
    async rewritten() {
      const { rows, scores } = await stats();
      const ofScores = rows.scores - scores.current;
      if (!writesV3(service)) return ofScores;
      const spans = await rowsOnV3('/api/public/observations', spanKey);
      return ofScores + rows.v3_observations - spans.size;
    },
    async itemRows(dataset) {
      const rows = new Map<string, number>();
      for await (const page of numbered('/api/public/dataset-items', { datasetName: dataset })) {
        for (const row of page) {
          const { metadata, input } = row as { metadata?: Record<string, unknown>; input: unknown };
          count(rows, `${String(metadata?.['assay.item_id'])} ${JSON.stringify(input)}`);
        }
      }
      return rows;
    },
    itemWrites: async () => (await stats()).rows.dataset_items,
  };
};
