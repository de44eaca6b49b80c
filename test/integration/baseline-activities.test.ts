import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { gateRequestSchema } from '../../src/contracts/gate-protocol.js';
import type { Manifest } from '../../src/contracts/manifest.js';
import { gatePolicy } from '../../src/core/gate/policy.js';
import { createBaselines } from '../../src/activities/regression/baselines.js';
import type { RegressionPorts } from '../../src/activities/regression/ports.js';
import { baselinePages } from '../../src/store/baselines/cells.js';
import { findBaseline } from '../../src/store/baselines/rows.js';
import { decideGate, findGate, recordGate } from '../../src/store/gates.js';
import { commitCells } from '../../src/store/cell-commit.js';
import type { Store } from '../../src/store/store.js';
import { commitOf, newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';
import { inActivity } from '../support/in-activity.js';

const manifest: Manifest = {
  version: 1,
  dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items: 2 },
  target: { kind: 'function', name: 'triage', code: 'b'.repeat(64) },
  evaluators: [],
  repetitions: 1,
};

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** A run that has ended, with a score of its first cell. */
const endedRun = async (items: number) => {
  const { experimentId, cellIds } = await newCells(test.store, items);
  await commitCells(test.store, [commitOf(cellIds[0] ?? '')]);
  await test.store.query(
    `update assay.experiments set status = 'completed', manifest = $2, manifest_hash = 'first' where id = $1`,
    [experimentId, JSON.stringify(manifest)],
  );
  return { experimentId, cellId: cellIds[0] ?? '', run: experimentId.split('/')[1] ?? '' };
};

const activities = (store: Store) => createBaselines({ store } as unknown as RegressionPorts);

/** The store, on which something happens once right after a page of cells was read. */
const afterFirstPage = (happens: () => Promise<unknown>): Store => {
  let waiting = true;
  const watched = <Asked extends (...args: never[]) => unknown>(asked: Asked): Asked =>
    (async (...args: Parameters<Asked>) => {
      const answer: unknown = await asked(...args);
      if (waiting && String(args[0]).includes('as costs')) {
        waiting = false;
        await happens();
      }
      return answer;
    }) as unknown as Asked;
  const { store } = test;
  const pool = new Proxy(store.pool, {
    get: (of, name) =>
      name !== 'connect'
        ? (Reflect.get(of, name, of) as unknown)
        : async () => {
            const client = await of.connect();
            return {
              query: watched(client.query.bind(client)),
              release: (broken?: Error) => {
                client.release(broken);
              },
            };
          },
  });
  return {
    ...store,
    query: watched((text: string, values?: readonly unknown[]) => store.query(text, values)),
    pool,
  };
};

describe('a baseline of a run', () => {
  it('is of one moment, also where the run is judged again while it is copied', async () => {
    const { experimentId, run } = await endedRun(4_001);
    const name = unique('baseline');
    const save = { kind: 'save', project: 'shop', name, run, promote: false } as const;
    const store = afterFirstPage(async () => {
      await test.store.query(
        `update assay.experiments set status = 'running', manifest_hash = 'second' where id = $1`,
        [experimentId],
      );
      await test.store.query(
        `update assay.experiment_cells set status = 'ok', latency_ms = 77 where experiment_id = $1`,
        [experimentId],
      );
    });
    expect(await inActivity(() => activities(store).saveBaseline(save))).toMatchObject({
      outcome: 'saved',
      cells: 4_001,
    });
    const saved = await findBaseline(test.store, save);
    expect(saved).toMatchObject({ manifestHash: 'first', cells: 4_001 });
    const latencies: (number | null)[] = [];
    const version = { baselineId: saved?.id ?? '', version: 1 };
    for await (const page of baselinePages(test.store, version)) latencies.push(...page.latencies);
    expect(new Set(latencies)).toEqual(new Set([1001, null]));
  });

  it('is not of a run that began to be judged again before its first cell was read', async () => {
    const { experimentId, run } = await endedRun(1);
    const save = {
      kind: 'save',
      project: 'shop',
      name: unique('baseline'),
      run,
      promote: false,
    } as const;
    const { store } = test;
    let asked = 0;
    const changing: Store = {
      ...store,
      query: async (text, values) => {
        const answer = await store.query(text, values);
        // After the run was looked at, before the snapshot.
        asked += 1;
        if (asked === 1) {
          await store.query(`update assay.experiments set manifest_hash = 'second' where id = $1`, [
            experimentId,
          ]);
        }
        return answer;
      },
    };
    await expect(inActivity(() => activities(changing).saveBaseline(save))).rejects.toMatchObject({
      code: 'EXPERIMENT_RUNNING',
      retryAfterMs: 1_000,
    });
    expect(await findBaseline(store, save)).toBeUndefined();
  });

  it('is renewed where cells were retried under the same manifest, and left alone where not', async () => {
    const { cellId, run } = await endedRun(2);
    const key = { project: 'shop', name: unique('baseline') };
    const { saveBaseline, renewBaseline } = activities(test.store);
    const save = () =>
      inActivity(() => saveBaseline({ kind: 'save', ...key, run, promote: false }));
    const renew = () => inActivity(() => renewBaseline({ kind: 'rejudge', ...key }));
    expect(await save()).toMatchObject({ outcome: 'saved' });
    expect(await save()).toMatchObject({ outcome: 'unchanged' });
    expect(await renew()).toMatchObject({ outcome: 'unchanged' });
    await test.store.query(`update assay.scores set boolean_value = false where cell_id = $1`, [
      cellId,
    ]);
    expect(await save()).toMatchObject({
      outcome: 'rejected',
      error: { code: 'BASELINE_EXISTS' },
    });
    expect(await renew()).toMatchObject({ outcome: 'renewed', version: 2 });
    expect(await save()).toMatchObject({ outcome: 'unchanged' });
  });

  it('is forgotten with its scores, but not while gates go by it', async () => {
    const { experimentId, run } = await endedRun(1);
    const key = { project: 'shop', name: unique('baseline') };
    const { saveBaseline, promoteBaseline, deleteBaseline } = activities(test.store);
    const forget = () => inActivity(() => deleteBaseline({ kind: 'delete', ...key }));
    const save = (name: string) =>
      inActivity(() => saveBaseline({ kind: 'save', project: 'shop', name, run, promote: true }));
    await save(key.name);
    const promoted = { at: key.name, message: 'is promoted: gates of its dataset take it' };
    expect(await forget()).toMatchObject({
      outcome: 'rejected',
      error: { code: 'BASELINE_IN_USE', problems: [promoted] },
    });
    // Another takes its place; a gate of before runs on against it.
    await save(unique('next'));
    const baselineId = (await findBaseline(test.store, key))?.id ?? '';
    const name = unique('gate');
    const head = { kind: 'run', experimentId, name: run } as const;
    const gate = await recordGate(test.store, {
      project: 'shop',
      name,
      request: gateRequestSchema.parse({ project: 'shop', name, head: { kind: 'run', name: run } }),
      requestHash: 'one',
      plan: {
        policy: gatePolicy({}, {}),
        head,
        base: { kind: 'baseline', baselineId, name: key.name, version: 1, run },
        publish: true,
      },
      workflowId: 'w',
    });
    expect(await forget()).toMatchObject({ error: { problems: [{ at: name }] } });
    expect(await findBaseline(test.store, key)).toMatchObject({ cells: 1 });
    await decideGate(test.store, {
      gateId: gate.id,
      verdict: 'pass',
      headExperimentId: experimentId,
      report: {},
    });
    expect(await forget()).toMatchObject({ outcome: 'deleted', name: key.name });
    expect(await findBaseline(test.store, key)).toBeUndefined();
    const { rows } = await test.store.query(
      'select from assay.baseline_cells where baseline_id = $1',
      [baselineId],
    );
    expect(rows).toEqual([]);
    // The verdict that was given against it stays.
    expect(await findGate(test.store, gate)).toMatchObject({ verdict: 'pass' });
    expect(await forget()).toMatchObject({ error: { code: 'BASELINE_NOT_FOUND' } });
    const again = { kind: 'promote', ...key } as const;
    expect(await inActivity(() => promoteBaseline(again))).toMatchObject({
      error: { code: 'BASELINE_NOT_FOUND' },
    });
    expect(await save(key.name)).toMatchObject({ outcome: 'saved', version: 1 });
  });
});
