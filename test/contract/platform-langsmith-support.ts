import { randomBytes } from 'node:crypto';

import type { CellResult, DatasetItem } from '../../src/contracts/records.js';
import {
  createLangsmithPlatform,
  type LangsmithOptions,
  type LangsmithPlatform,
} from '../../src/platforms/langsmith/platform.js';
import type {
  EncodeContext,
  OutboundExport,
  OutboxRecord,
  Platform,
  RunContext,
} from '../../src/platforms/port.js';
import { startLangsmith, type LangsmithServer } from '../support/langsmith/server.js';
import type { LangsmithOptions as ServerOptions } from '../support/langsmith/options.js';
import { cell, item, run } from '../unit/platforms/langfuse/cell-fixture.js';

/** A deadline that a loaded machine meets. */
export const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** A server and a platform on it, both ended by `close`. */
export class Place {
  readonly server: LangsmithServer;
  readonly platform: LangsmithPlatform;
  readonly #others: Platform[] = [];

  private constructor(server: LangsmithServer) {
    this.server = server;
    this.platform = this.another();
  }

  static async start(options: ServerOptions = {}): Promise<Place> {
    return new Place(await startLangsmith(options));
  }

  another(options: Partial<LangsmithOptions> = {}): LangsmithPlatform {
    const { url, apiKey } = this.server;
    const made = createLangsmithPlatform({
      endpoint: url,
      apiKey,
      // Longer than any delay that is ordered here to be waited for.
      visibilityMs: 1_000,
      ...options,
    });
    this.#others.push(made);
    return made;
  }

  /** A run of its own on a dataset of its own, prepared there. */
  async prepare(repetitions = 1, changes: Partial<RunContext> = {}): Promise<EncodeContext> {
    const unique = randomBytes(6).toString('hex');
    const context: RunContext = {
      ...run,
      runUid: `run-${unique}`,
      experiment: `nightly-${unique}`,
      ...changes,
    };
    const datasetName = `tickets-${unique}`;
    const { id: datasetId } = await this.platform.ensureDataset({ name: datasetName }, soon());
    const prepared = await this.platform.prepareRun({
      context,
      datasetId,
      datasetName,
      repetitions,
      signal: soon(),
    });
    return { ...context, run: prepared };
  }

  async close(): Promise<void> {
    for (const platform of this.#others) await platform.close();
    await this.server.close();
  }
}

export interface Encoded {
  readonly cell: CellResult;
  readonly item: DatasetItem;
  readonly spans: OutboxRecord;
  readonly scores: OutboxRecord;
}

/** Cells that differ by item. */
export function encodeCells(
  platform: Platform,
  context: EncodeContext,
  {
    count = 1,
    change = {},
  }: { readonly count?: number; readonly change?: Partial<CellResult> } = {},
): readonly Encoded[] {
  return Array.from({ length: count }, (_, index) => {
    const own: DatasetItem = { ...item, id: `ticket-${index}` };
    const result: CellResult = { ...cell, itemId: own.id, ...change };
    const [spans, scores] = platform.encodeCell(result, own, context);
    if (spans === undefined || scores === undefined) throw new Error('a record is missing');
    return { cell: result, item: own, spans, scores };
  });
}

export function exportOf(records: readonly OutboxRecord[]): OutboundExport {
  return {
    exportId: randomBytes(8).toString('hex'),
    kind: records[0]?.kind ?? 'spans',
    records: records.map((record, index) => ({ ...record, rowId: `row-${index}` })),
  };
}

export const spansOf = (cells: readonly Encoded[]): OutboundExport =>
  exportOf(cells.map(({ spans }) => spans));
export const scoresOf = (cells: readonly Encoded[]): OutboundExport =>
  exportOf(cells.map(({ scores }) => scores));

export const idsOf = (batch: OutboundExport): readonly string[] =>
  batch.records.flatMap(({ ids }) => ids).sort();

/** All that the platform shows of a run's traces, duplicates included. */
export async function readSpans(platform: Platform, context: EncodeContext) {
  const rows: { readonly traceId: string; readonly spanId: string }[] = [];
  for await (const page of platform.readBack({
    run: context.run,
    runUid: context.runUid,
    from: '2026-11-20T00:00:00.000Z',
    kind: 'spans',
    signal: soon(),
  })) {
    rows.push(...(page.spans ?? []));
  }
  return rows;
}

export async function readScores(
  platform: Platform,
  context: EncodeContext,
  of: { readonly traceIds?: readonly string[]; readonly runIds?: readonly string[] },
): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const page of platform.readBack({
    run: context.run,
    runUid: context.runUid,
    from: '2026-11-20T00:00:00.000Z',
    kind: 'scores',
    ...of,
    signal: soon(),
  })) {
    ids.push(...(page.scoreIds ?? []));
  }
  return ids.sort();
}

export async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
