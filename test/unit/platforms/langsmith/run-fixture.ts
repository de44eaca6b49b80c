import type { CellResult, DatasetItem } from '../../../../src/contracts/records.js';
import { createLangsmithPlatform } from '../../../../src/platforms/langsmith/platform.js';
import type { RunEntry } from '../../../../src/platforms/langsmith/encode-runs.js';
import type { Feedback } from '../../../../src/platforms/langsmith/encode-feedback.js';
import type { EncodeContext, OutboxRecord } from '../../../../src/platforms/port.js';
import { cell, item, run } from '../langfuse/cell-fixture.js';

export const datasetId = '0b7c7a4e-1111-4222-8333-444455556666';
export const sessions = [
  '11111111-1111-4111-8111-111111111111',
  '22222222-2222-4222-8222-222222222222',
] as const;

export const context: EncodeContext = {
  ...run,
  run: {
    platform: 'langsmith',
    projectId: '99999999-9999-4999-8999-999999999999',
    datasetId,
    datasetName: 'tickets',
    runs: sessions.map((id, index) => ({ name: `triage-nightly-${index + 1}`, id })),
  },
};

/** Encoding asks nobody. */
export const platform = createLangsmithPlatform({
  endpoint: 'https://api.smith.langchain.com',
  apiKey: 'lsv2_test',
  release: 'v7',
  environment: 'ci',
});

export function encode(
  change: Partial<CellResult> = {},
  ofItem: Partial<DatasetItem> = {},
): { readonly spans: OutboxRecord; readonly scores: OutboxRecord | undefined } {
  const own = { ...item, ...ofItem };
  const [spans, scores] = platform.encodeCell({ ...cell, ...change }, own, context);
  if (spans === undefined) throw new Error('a record is missing');
  return { spans, scores };
}

export const runsIn = ({ body }: OutboxRecord): readonly RunEntry[] =>
  JSON.parse(body) as readonly RunEntry[];
export const feedbackIn = (record: OutboxRecord | undefined): readonly Feedback[] =>
  record === undefined ? [] : (JSON.parse(record.body) as readonly Feedback[]);

export function entryNamed(record: OutboxRecord, name: string): RunEntry {
  const found = runsIn(record).find((entry) => entry.run.name === name);
  if (found === undefined) throw new Error(`no run ${name}`);
  return found;
}

export const metadataOf = (entry: RunEntry): Readonly<Record<string, unknown>> =>
  entry.extra['metadata'] as Readonly<Record<string, unknown>>;
