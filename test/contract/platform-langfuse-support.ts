import { randomBytes } from 'node:crypto';

import type { CellResult, DatasetItem } from '../../src/contracts/records.js';
import type {
  EncodeContext,
  OutboundExport,
  OutboxRecord,
  Platform,
  PlatformRun,
} from '../../src/platforms/port.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import { cell, item, run } from '../unit/platforms/langfuse/cell-fixture.js';
import { keys, type TestServer } from './langfuse-support.js';

export const platformFor = (url: string): Platform =>
  createLangfusePlatform({ baseUrl: url, ...keys, environment: 'assay' });

/** A deadline that a loaded machine meets. */
export const soon = (): AbortSignal => AbortSignal.timeout(30_000);

export interface Encoded {
  readonly cell: CellResult;
  readonly spans: OutboxRecord;
  readonly scores: OutboxRecord;
}

/** A run of its own with cells that differ by item. */
export function makeRun(count: number, change: Partial<CellResult> = {}) {
  const context: EncodeContext = { ...run, runUid: `run-${randomBytes(6).toString('hex')}` };
  const encode = (platform: Platform): readonly Encoded[] =>
    Array.from({ length: count }, (_, index) => {
      const own: DatasetItem = { ...item, id: `ticket-${index}` };
      const result: CellResult = { ...cell, itemId: own.id, ...change };
      const [spans, scores] = platform.encodeCell(result, own, context);
      if (spans === undefined || scores === undefined) throw new Error('a record is missing');
      return { cell: result, spans, scores };
    });
  return { context, encode };
}

export function exportOf(records: readonly OutboxRecord[]): OutboundExport {
  return {
    exportId: `export-${randomBytes(6).toString('hex')}`,
    kind: records[0]?.kind ?? 'spans',
    records: records.map((record, index) => ({ ...record, rowId: `row-${index}` })),
  };
}

export const idsOf = (batch: OutboundExport): ReadonlySet<string> =>
  new Set(batch.records.flatMap(({ ids }) => ids));

export const idsIn = (records: readonly OutboxRecord[]): readonly string[] =>
  records.flatMap(({ ids }) => ids);

/** All span rows of a run, duplicates included. */
export async function spanRows(platform: Platform, context: EncodeContext) {
  const rows: { readonly traceId: string; readonly spanId: string }[] = [];
  const pages = platform.readBack({
    run: context.run,
    runUid: context.runUid,
    from: '2026-11-20T00:00:00.000Z',
    kind: 'spans',
    signal: soon(),
  });
  for await (const page of pages) rows.push(...(page.spans ?? []));
  return rows;
}

export async function scoreIdsOf(
  platform: Platform,
  place: {
    readonly run: PlatformRun;
    readonly traceIds?: readonly string[];
    readonly runIds?: readonly string[];
    readonly scoreIds?: readonly string[];
  },
): Promise<readonly string[]> {
  const ids: string[] = [];
  const pages = platform.readBack({
    ...place,
    runUid: 'any',
    from: '2026-11-20T00:00:00.000Z',
    kind: 'scores',
    signal: soon(),
  });
  for await (const page of pages) ids.push(...(page.scoreIds ?? []));
  return ids;
}

/** How often a route was asked, by its last requests. */
export async function requestsTo(
  server: TestServer,
  method: string,
  path: string,
): Promise<readonly { readonly status: number }[]> {
  const { body } = await server.call('/dev/requests?limit=2000');
  const requests = body['requests'] as readonly {
    readonly method: string;
    readonly path: string;
    readonly status: number;
  }[];
  return requests.filter((request) => request.method === method && request.path === path);
}
