import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { gateRequestSchema } from '../../src/contracts/gate-protocol.js';
import type { Manifest } from '../../src/contracts/manifest.js';
import { gatePolicy } from '../../src/core/gate/policy.js';
import { countVersion, deleteBaseline, reserveBaseline } from '../../src/store/baselines/rows.js';
import {
  decideGate,
  findGate,
  finishGate,
  recordGate,
  type GateRecord,
} from '../../src/store/gates.js';
import { rowsOf } from '../../src/store/query.js';
import { withTransaction } from '../../src/store/store.js';
import { until } from '../support/until.js';
import { newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';

const project = 'shop';
const manifest: Manifest = {
  version: 1,
  dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items: 1 },
  target: { kind: 'function', name: 'triage', code: 'b'.repeat(64) },
  evaluators: [],
  repetitions: 1,
};

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** A baseline, and a gate that was planned against it. */
const planned = async () => {
  const { experimentId } = await newCells(test.store, 1);
  const content = { experimentId, runUid: 'uid', manifest, manifestHash: 'hash' };
  const baseline = await reserveBaseline(test.store, {
    ...content,
    project,
    name: unique('baseline'),
    dataset: 'tickets',
  });
  const { id } = baseline;
  await countVersion(test.store, { ...content, baselineId: id, version: 1, cells: 1 });
  const name = unique('gate');
  const record = (): Promise<GateRecord> =>
    recordGate(test.store, {
      project,
      name,
      request: gateRequestSchema.parse({ project, name, head: { kind: 'run', name: 'run' } }),
      requestHash: 'one',
      plan: {
        policy: gatePolicy({}, {}),
        head: { kind: 'run', experimentId, name: 'run' },
        base: { kind: 'baseline', baselineId: id, name: baseline.name, version: 1, run: 'run' },
        publish: true,
      },
      workflowId: 'w',
    });
  return { id, name, baseline, experimentId, record };
};

const gone = (name: string) =>
  expect.objectContaining({ code: 'BASELINE_NOT_FOUND', message: expect.stringContaining(name) });
const deleted = { promoted: false, gates: [] };

describe('a gate whose baseline was deleted after it was planned', () => {
  it('is not recorded: its head would be paid for, and nothing could be decided', async () => {
    const { baseline, name, record } = await planned();
    expect(await deleteBaseline(test.store, baseline)).toEqual(deleted);
    await expect(record()).rejects.toEqual(gone(baseline.name));
    expect(await findGate(test.store, { project, name })).toBeUndefined();
  });

  it('is not taken up again where it had failed, and stays as it was', async () => {
    const { baseline, name, record } = await planned();
    const { id } = await record();
    const error = { code: 'GATE_RUN_FAILED', title: 't', message: 'm', problems: [] };
    await finishGate(test.store, id, error);
    expect(await deleteBaseline(test.store, baseline)).toEqual(deleted);
    await expect(record()).rejects.toEqual(gone(baseline.name));
    expect(await findGate(test.store, { project, name })).toMatchObject({
      status: 'failed',
      error,
    });
  });

  it('keeps the verdict that it was given while the baseline was there', async () => {
    const { baseline, experimentId, record } = await planned();
    const { id } = await record();
    await decideGate(test.store, {
      gateId: id,
      verdict: 'pass',
      headExperimentId: experimentId,
      report: {},
    });
    expect(await deleteBaseline(test.store, baseline)).toEqual(deleted);
    expect(await record()).toMatchObject({ status: 'decided', verdict: 'pass' });
  });
});

describe('a gate and the deletion of its baseline at once', () => {
  it('come one after the other: a deletion that is not yet committed is waited for', async () => {
    const { id, baseline, name, record } = await planned();
    let recorded: Promise<GateRecord> | undefined;
    await withTransaction(test.store, async (on) => {
      // As the deletion begins.
      await on.query('select from assay.projects where id = $1 for update', [project]);
      recorded = record();
      recorded.catch(() => undefined);
      await until(async () => {
        const waiting = await rowsOf(
          test.store,
          `select from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      });
      await on.query('delete from assay.baselines where id = $1', [id]);
    });
    await expect(recorded).rejects.toEqual(gone(baseline.name));
    expect(await findGate(test.store, { project, name })).toBeUndefined();
  });

  it('leave either the gate with its baseline or neither of them', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { baseline, name, record } = await planned();
      const [recorded, deletion] = await Promise.allSettled([
        record(),
        deleteBaseline(test.store, baseline),
      ]);
      if (recorded.status === 'fulfilled') {
        expect(deletion).toMatchObject({ value: { gates: [name] } });
      } else {
        expect(recorded.reason).toEqual(gone(baseline.name));
        expect(deletion).toMatchObject({ value: deleted });
      }
    }
  });
});
