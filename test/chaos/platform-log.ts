import { setTimeout as wait } from 'node:timers/promises';

/** The platform as anybody sees it through its public API, and the way to order its faults. */
export interface PlatformLog {
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Waits until everything that the platform has accepted can be read. */
  allVisible(): Promise<void>;
  /** How many rows v2/observations shows of each `trace/span` of a run. */
  spanRows(runUid: string): Promise<ReadonlyMap<string, number>>;
  /** How many rows v3/scores shows of each score of these traces. */
  scoreRows(traceIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Rows of all spans in its database beyond one per trace and span, seen or not. */
  duplicatesInDatabase(): Promise<number>;
}

interface Page {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly meta: { readonly cursor?: string };
}

interface Stats {
  readonly spans: { readonly pending: number; readonly duplicates: number };
  readonly scores: { readonly pending: number };
}

const count = (rows: Map<string, number>, key: string): void => {
  rows.set(key, (rows.get(key) ?? 0) + 1);
};

export const openPlatformLog = (service: {
  url: string;
  publicKey: string;
  secretKey: string;
}): PlatformLog => {
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
  const stats = async (): Promise<Stats> => (await admin('GET', '/dev/stats')) as Stats;

  return {
    admin,
    async allVisible() {
      for (;;) {
        const { spans, scores } = await stats();
        if (spans.pending + scores.pending === 0) return;
        await wait(200);
      }
    },
    async spanRows(runUid) {
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
        for (const row of page) count(rows, `${String(row['traceId'])}/${String(row['id'])}`);
      }
      return rows;
    },
    async scoreRows(traceIds) {
      const rows = new Map<string, number>();
      for (let at = 0; at < traceIds.length; at += 50) {
        const query = { limit: '100', traceId: traceIds.slice(at, at + 50).join(',') };
        for await (const page of pages('/api/public/v3/scores', query)) {
          for (const row of page) count(rows, String(row['id']));
        }
      }
      return rows;
    },
    duplicatesInDatabase: async () => (await stats()).spans.duplicates,
  };
};
