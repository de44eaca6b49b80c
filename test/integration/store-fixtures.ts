import { randomBytes } from 'node:crypto';

import type { ExperimentSpec } from '../../src/contracts/experiment-spec.js';
import { experimentSpecSchema } from '../../src/contracts/experiment-spec.js';
import type { CellResult, DatasetItem } from '../../src/contracts/records.js';
import type { CellCommit } from '../../src/store/cell-commit.js';
import { pendingCells } from '../../src/store/cells.js';
import type { JudgementCommit } from '../../src/store/passes/judgements.js';
import { insertExperiment } from '../../src/store/experiments.js';
import { insertPage } from '../../src/store/items.js';
import { openStore, type Store } from '../../src/store/store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** A migrated database with an open store. */
export interface TestStore {
  readonly store: Store;
  readonly database: TestDatabase;
  close(): Promise<void>;
}

export const openTestStore = async (): Promise<TestStore> => {
  const database = await createTestDatabase();
  const store = await openStore({ url: database.url, applicationName: 'assay test' });
  return {
    store,
    database,
    close: async () => {
      await store.close();
      await database.drop();
    },
  };
};

export const unique = (prefix: string): string => `${prefix}-${randomBytes(5).toString('hex')}`;

export const specOf = (name: string, project = 'shop'): ExperimentSpec =>
  experimentSpecSchema.parse({ project, name, dataset: { name: 'tickets' }, target: 'triage' });

/** An experiment in the state `planning`; returns its id. */
export const newExperiment = async (store: Store, name = unique('run')): Promise<string> => {
  const { experiment } = await insertExperiment(store, {
    project: 'shop',
    name,
    slug: name,
    runUid: unique('uid'),
    spec: specOf(name),
    specHash: 'hash',
    workflowId: `experiment/shop/${name}`,
  });
  return experiment.id;
};

export const itemOf = (ordinal: number): DatasetItem => ({
  id: `item-${ordinal}`,
  input: { question: `What is ${ordinal}?` },
  metadata: {},
});

/** An experiment of `items` cells in the order of their items; returns its id and the cells' ids. */
export const newCells = async (
  store: Store,
  items: number,
): Promise<{ readonly experimentId: string; readonly cellIds: readonly string[] }> => {
  const experimentId = await newExperiment(store);
  await insertPage(store, {
    experimentId,
    items: Array.from({ length: items }, (_, ordinal) => ({
      ordinal,
      item: itemOf(ordinal),
      hash: `hash-${ordinal}`,
    })),
    repetitions: 1,
    positionOf: (ordinal) => ordinal,
  });
  const cells = await pendingCells(store, { experimentId, fromPosition: 0, toPosition: items });
  return { experimentId, cellIds: cells.map(({ cellId }) => cellId) };
};

/** A cell that ended well, with one score. */
export const resultOf = (cellId: string, change: Partial<CellResult> = {}): CellResult => ({
  cellId,
  itemId: 'item-0',
  repetition: 1,
  revision: 1,
  status: 'ok',
  output: { label: 'billing' },
  evaluatorFailures: [],
  scores: [{ name: 'exact', evaluator: 'exact', value: { type: 'BOOLEAN', value: true } }],
  calls: [],
  startedAt: '2026-01-02T03:04:05.006Z',
  endedAt: '2026-01-02T03:04:06.007Z',
  latencyMs: 1001,
  targetCostPico: 12n,
  judgeCostPico: undefined,
  usage: { inputTokens: 10, outputTokens: 5 },
  sanitised: false,
  attempts: 1,
  ...change,
});

/** The commit of a cell with one spans row and one scores row for `langfuse`. */
export const commitOf = (
  cellId: string,
  change: Partial<CellResult> = {},
  partition = 'shop',
): CellCommit => ({
  result: resultOf(cellId, change),
  traceId: `trace-${cellId}`,
  outbox: [
    {
      platform: 'langfuse',
      partition,
      records: [
        {
          kind: 'spans',
          body: JSON.stringify([{ span: cellId }]),
          traceId: `trace-${cellId}`,
          ids: [`root-${cellId}`, `call-${cellId}`],
        },
        {
          kind: 'scores',
          body: JSON.stringify([{ score: cellId }]),
          traceId: `trace-${cellId}`,
          ids: [`score-${cellId}`],
        },
      ],
    },
  ],
});

/** A judgement by one evaluator, which says no. */
export const judgementOf = (
  workId: string,
  cellId: string,
  outbox: JudgementCommit['outbox'],
): JudgementCommit => ({
  workId,
  cellId,
  outcome: 'ok',
  status: 'ok',
  evaluatorFailures: [],
  evaluators: ['exact'],
  scores: [{ name: 'exact', evaluator: 'exact', value: { type: 'BOOLEAN', value: false } }],
  identities: new Map(),
  calls: [],
  judgeCostPico: undefined,
  embeddingCostPico: undefined,
  reusedFrom: undefined,
  usage: { inputTokens: 0, outputTokens: 0 },
  attempts: 1,
  startedAt: '2026-01-02T03:04:05.006Z',
  endedAt: '2026-01-02T03:04:05.006Z',
  outbox,
});
