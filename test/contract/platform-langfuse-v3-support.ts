import { randomBytes } from 'node:crypto';

import type { CellResult, DatasetItem } from '../../src/contracts/records.js';
import { platformItemId } from '../../src/core/ids/platform-ids.js';
import type { EncodeContext, OutboundExport, Platform } from '../../src/platforms/port.js';
import { cell, run } from '../unit/platforms/langfuse/cell-fixture.js';
import type { TestServer } from './langfuse-support.js';
import { exportOf, requestsTo, soon, type Encoded } from './platform-langfuse-support.js';

export const otlpPath = '/api/public/otel/v1/traces';
export const linkPath = '/api/public/dataset-run-items';

/** A dataset with items on the server, and a run over it that is planned there. */
export async function planRun(platform: Platform, count: number, repetitions = 1) {
  const suffix = randomBytes(6).toString('hex');
  const name = `tickets ${suffix}`;
  const items: readonly DatasetItem[] = Array.from({ length: count }, (_, index) => ({
    id: `ticket-${index}`,
    input: { index },
    metadata: {},
  }));
  const { id: datasetId } = await platform.ensureDataset({ name }, soon());
  await platform.ensureItems({ dataset: name, items, signal: soon(), onProgress: () => undefined });
  const runUid = `run-${suffix}`;
  const context = {
    ...run,
    experiment: `nightly ${suffix}`,
    runUid,
    metadata: { 'assay.run_uid': runUid },
  };
  const request = { context, datasetId, datasetName: name, repetitions, signal: soon() };
  const own: EncodeContext = { ...context, run: await platform.prepareRun(request) };
  const encode = (change: Partial<CellResult> = {}): readonly Encoded[] =>
    items.map((item) => {
      const result: CellResult = { ...cell, itemId: item.id, ...change };
      const [spans, scores] = platform.encodeCell(result, item, own);
      if (spans === undefined || scores === undefined) throw new Error('a record is missing');
      return { cell: result, spans, scores };
    });
  return { name, items, context: own, request, encode };
}
export type PlannedRun = Awaited<ReturnType<typeof planRun>>;

export const spansOf = (records: readonly Encoded[]): OutboundExport =>
  exportOf(records.map(({ spans }) => spans));

/** The root of each record: the first span. */
export const rootIds = (batch: OutboundExport): readonly string[] =>
  batch.records.map(({ ids }) => ids[0] ?? '');

/** How often a link was taken by the server since it began, whatever it shows of them. */
export const linksMade = async (server: TestServer): Promise<number> =>
  (await requestsTo(server, 'POST', linkPath)).filter(({ status }) => status === 200).length;

export interface ShownItem {
  readonly traceId: string;
  readonly datasetItemId: string;
}

/** A run as the server shows it to people. */
export async function shownRun(server: TestServer, planned: PlannedRun, index = 0) {
  const name = planned.context.run.runs[index]?.name ?? '';
  const path = [planned.name, 'runs', name].map(encodeURIComponent).join('/');
  const { body, status } = await server.call(`/api/public/datasets/${path}`);
  if (status !== 200) return undefined;
  return {
    id: String(body['id']),
    metadata: body['metadata'] as Readonly<Record<string, unknown>>,
    description: body['description'],
    items: body['datasetRunItems'] as readonly ShownItem[],
  };
}

/** What a run must show: the trace of each item, once. */
export const expectedItems = (planned: PlannedRun, records: readonly Encoded[]) =>
  records
    .map(({ cell: { itemId }, spans: { traceId } }) => ({
      datasetItemId: platformItemId(planned.name, itemId),
      traceId,
    }))
    .sort(byItem);

export const shownItems = (items: readonly ShownItem[] | undefined) =>
  (items ?? []).map(({ datasetItemId, traceId }) => ({ datasetItemId, traceId })).sort(byItem);

const byItem = (a: ShownItem, b: ShownItem): number =>
  a.datasetItemId < b.datasetItemId ? -1 : a.datasetItemId > b.datasetItemId ? 1 : 0;
