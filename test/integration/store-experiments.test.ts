import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Manifest } from '../../src/contracts/manifest.js';
import { experimentId } from '../../src/core/experiment/naming.js';
import { getArtefact, listArtefacts, putArtefact } from '../../src/store/artefacts.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { listExperiments } from '../../src/store/experiment-list.js';
import { finishExperiment, markCellsDone, requestCancel } from '../../src/store/experiment-end.js';
import {
  findExperiment,
  getExperiment,
  insertExperiment,
  recordPlan,
  setStatus,
} from '../../src/store/experiments.js';
import { storeSizes } from '../../src/store/sizes.js';
import {
  commitOf,
  newCells,
  newExperiment,
  openTestStore,
  specOf,
  unique,
  type TestStore,
} from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const manifest: Manifest = {
  version: 1,
  dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items: 2 },
  target: { kind: 'function', name: 'triage', code: 'b'.repeat(64) },
  evaluators: [{ name: 'exact', kind: 'exact_match', required: true, options: {} }],
  repetitions: 1,
};

const plan = {
  manifest,
  manifestHash: 'm',
  platformRuns: [
    {
      platform: 'langfuse',
      projectId: 'p',
      datasetId: 'd',
      datasetName: 'tickets',
      runs: [{ name: 'r', id: '1' }],
    },
  ],
  context: {
    project: 'shop',
    experiment: 'e',
    runUid: 'u',
    target: 'triage',
    metadata: { note: 'half \ud800' },
  },
  planned: 2,
};

const newOf = (project: string, name: string) => ({
  project,
  name,
  slug: name,
  runUid: unique('uid'),
  spec: specOf(name, project),
  specHash: 'hash',
  workflowId: 'w',
});

describe('an experiment', () => {
  it('is recorded once: the same name again returns the first one untouched', async () => {
    const name = unique('run');
    const first = await insertExperiment(test.store, newOf('shop', name));
    const second = await insertExperiment(test.store, {
      ...newOf('shop', name),
      specHash: 'another',
    });
    expect([first.inserted, second.inserted]).toEqual([true, false]);
    expect(second.experiment).toEqual(first.experiment);
    expect(await findExperiment(test.store, { project: 'shop', name })).toEqual(first.experiment);
    expect(await findExperiment(test.store, { project: 'other', name })).toBeUndefined();
    expect(first.experiment).toMatchObject({
      id: experimentId('shop', name),
      status: 'planning',
      spec: specOf(name),
      platformRuns: [],
      manifest: undefined,
      finishedAt: undefined,
    });
  });

  it('is recorded by exactly one of two that start it at the same moment', async () => {
    const name = unique('run');
    const starts = await Promise.all(
      Array.from({ length: 5 }, () => insertExperiment(test.store, newOf(unique('p'), name))),
    );
    expect(starts.every(({ inserted }) => inserted)).toBe(true);
    const same = await Promise.all(
      Array.from({ length: 5 }, () => insertExperiment(test.store, newOf('shop', name))),
    );
    expect(same.filter(({ inserted }) => inserted)).toHaveLength(1);
    expect(new Set(same.map(({ experiment }) => experiment.runUid)).size).toBe(1);
  });

  it('that is not there is EXPERIMENT_NOT_FOUND for whoever needs it', async () => {
    const missing = { code: 'EXPERIMENT_NOT_FOUND' };
    await expect(getExperiment(test.store, 'shop/none')).rejects.toMatchObject(missing);
    await expect(requestCancel(test.store, 'shop/none')).rejects.toMatchObject(missing);
    await expect(recordPlan(test.store, 'shop/none', plan)).rejects.toMatchObject(missing);
    await expect(
      finishExperiment(test.store, 'shop/none', { status: 'failed' }),
    ).rejects.toMatchObject(missing);
  });

  it('keeps its plan, and the moment of the first one when planning is repeated', async () => {
    const id = await newExperiment(test.store);
    await recordPlan(test.store, id, plan);
    const first = await getExperiment(test.store, id);
    expect(first).toMatchObject(plan);
    await recordPlan(test.store, id, { ...plan, codeHash: 'c' });
    expect(await getExperiment(test.store, id)).toEqual({ ...first, codeHash: 'c' });
  });

  it('notes when it first ran and how it ended, and is not woken by a late activity', async () => {
    const id = await newExperiment(test.store);
    expect(await setStatus(test.store, id, { status: 'running' })).toBe(true);
    const { startedAt } = await getExperiment(test.store, id);
    expect(startedAt).toBeDefined();
    expect(await setStatus(test.store, id, { status: 'running', from: ['planning'] })).toBe(false);
    const error = { code: 'INTERNAL', title: 't', message: 'nul \u0000', problems: [] };
    await finishExperiment(test.store, id, { status: 'failed', summary: { n: 1 }, error });
    const ended = await getExperiment(test.store, id);
    expect(ended).toMatchObject({ status: 'failed', summary: { n: 1 }, error, startedAt });
    expect(await setStatus(test.store, id, { status: 'publishing' })).toBe(false);
    expect(await getExperiment(test.store, id)).toEqual(ended);
    // A user's command may: a retry of what failed.
    expect(await setStatus(test.store, id, { status: 'running', from: ['failed'] })).toBe(true);
  });

  it('keeps the time of the first request to cancel it', async () => {
    const id = await newExperiment(test.store);
    const first = await requestCancel(test.store, id);
    expect(first.cancelRequestedAt).toBeDefined();
    expect(await requestCancel(test.store, id)).toEqual(first);
  });

  it('has its cells done only when it was planned and none is pending', async () => {
    const unplanned = await newExperiment(test.store);
    expect(await markCellsDone(test.store, unplanned)).toBeUndefined();
    const { experimentId: id, cellIds } = await newCells(test.store, 2);
    await recordPlan(test.store, id, plan);
    await commitCells(test.store, [commitOf(cellIds[0] ?? '')]);
    expect(await markCellsDone(test.store, id)).toBeUndefined();
    await commitCells(test.store, [commitOf(cellIds[1] ?? '')]);
    const doneAt = await markCellsDone(test.store, id);
    const { cellsDoneAt } = await getExperiment(test.store, id);
    expect(cellsDoneAt).toBeDefined();
    expect(doneAt).toBe(cellsDoneAt);
    expect(await markCellsDone(test.store, id)).toBe(doneAt);
    expect((await getExperiment(test.store, id)).cellsDoneAt).toBe(cellsDoneAt);
  });
});

describe('the list of experiments', () => {
  it('is the newest first and complete over its pages, of one project and status', async () => {
    const project = unique('p');
    const names = Array.from({ length: 7 }, (_, index) => `run-${index}`);
    // At the same moment: pages must not depend on the times being different.
    await Promise.all(names.map((name) => insertExperiment(test.store, newOf(project, name))));
    await setStatus(test.store, experimentId(project, 'run-3'), { status: 'running' });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listExperiments(test.store, {
        project,
        limit: 2,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...page.experiments.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect([...seen].sort()).toEqual(names);
    const running = await listExperiments(test.store, { project, status: ['running'] });
    expect(running.experiments.map(({ name }) => name)).toEqual(['run-3']);
    expect(running.nextCursor).toBeUndefined();
  });

  it('refuses a cursor that it did not give', async () => {
    const forged = Buffer.from(JSON.stringify(["'; drop table", 'x'])).toString('base64url');
    for (const cursor of ['?', 'bm9uZQ', forged]) {
      await expect(listExperiments(test.store, { cursor })).rejects.toMatchObject({
        code: 'USAGE',
      });
    }
  });
});

describe('artefacts', () => {
  it('come back byte for byte, and are replaced by the next of their name', async () => {
    const id = await newExperiment(test.store);
    const body = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
    const key = { experimentId: id, name: 'report.md' };
    expect(await getArtefact(test.store, key)).toBeUndefined();
    await putArtefact(test.store, { ...key, mediaType: 'text/markdown', body: 'old' });
    await putArtefact(test.store, { ...key, mediaType: 'application/octet-stream', body });
    const artefact = await getArtefact(test.store, key);
    expect(artefact?.body.equals(body)).toBe(true);
    expect(artefact?.mediaType).toBe('application/octet-stream');
    expect(await listArtefacts(test.store, id)).toMatchObject([
      { name: 'report.md', bytes: body.length },
    ]);
  });
});

describe('sizes', () => {
  it('count the rows of every table and sum up their bytes', async () => {
    const before = await storeSizes(test.store);
    await newCells(test.store, 40);
    const after = await storeSizes(test.store);
    const rows = (sizes: typeof before, table: string): number =>
      sizes.tables.find((entry) => entry.table === table)?.rows ?? -1;
    expect(rows(after, 'experiment_cells') - rows(before, 'experiment_cells')).toBe(40);
    expect(after.tables.map(({ table }) => table)).toContain('call_journal');
    expect(after.bytes).toBe(after.tables.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(after.bytes).toBeGreaterThanOrEqual(before.bytes);
  });
});

describe('removing an experiment', () => {
  it('removes all that belongs to it and nothing else', async () => {
    const [gone, kept] = [await newCells(test.store, 2), await newCells(test.store, 1)];
    for (const { cellIds } of [gone, kept]) {
      await commitCells(
        test.store,
        cellIds.map((cellId) => commitOf(cellId)),
      );
    }
    await test.store.query('delete from assay.experiments where id = $1', [gone.experimentId]);
    for (const table of ['experiment_cells', 'scores', 'outbox']) {
      const { rows } = await test.store.pool.query<{ experiment_id: string }>(
        `select distinct experiment_id from assay.${table} where experiment_id = any($1)`,
        [[gone.experimentId, kept.experimentId]],
      );
      expect(rows).toEqual([{ experiment_id: kept.experimentId }]);
    }
  });
});
