import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createFinish } from '../../src/activities/experiment/finish.js';
import type { ExperimentPorts } from '../../src/activities/experiment/ports.js';
import { writeToReport } from '../../src/activities/regression/verdict-in-report.js';
import type { Manifest } from '../../src/contracts/manifest.js';
import type { PassRequest } from '../../src/contracts/pass.js';
import { gateRequestSchema, type GatePlan } from '../../src/contracts/gate-protocol.js';
import { reportSchema } from '../../src/contracts/report/report.js';
import type { GateReport } from '../../src/core/gate/gate-report.js';
import { gatePolicy } from '../../src/core/gate/policy.js';
import { getArtefact } from '../../src/store/artefacts.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { decideGate, recordGate, verdictsOf } from '../../src/store/gates.js';
import { openPass } from '../../src/store/passes/open-pass.js';
import { baseCells, comparisonOf } from '../unit/core/report/compared-run.js';
import { sampleCells } from '../unit/core/report/sample-run.js';
import { commitOf, newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';
import { inActivity } from '../support/in-activity.js';

const manifest: Manifest = {
  version: 1,
  dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items: 1 },
  target: { kind: 'function', name: 'triage', code: 'b'.repeat(64) },
  evaluators: [],
  repetitions: 1,
};
const comparison = comparisonOf(baseCells(), sampleCells());
const side = {
  runUid: 'uid',
  target: 'triage',
  manifestHash: 'a'.repeat(64),
  items: 1,
  repetitions: 1,
  cells: 1,
};

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** Ends the run, or the pass over it, as its workflow does. */
const finish = (experimentId: string) => {
  const ports = { store: test.store, platforms: [] } as unknown as ExperimentPorts;
  return inActivity(() => createFinish(ports)({ experimentId, status: 'completed' }));
};

const endedRun = async (): Promise<string> => {
  const { experimentId, cellIds } = await newCells(test.store, 1);
  await commitCells(test.store, [commitOf(cellIds[0] ?? '')]);
  await test.store.query(
    `update assay.experiments set status = 'publishing', manifest = $2, manifest_hash = 'first',
            planned = 1, planned_at = now(), started_at = now() where id = $1`,
    [experimentId, JSON.stringify(manifest)],
  );
  await finish(experimentId);
  return experimentId;
};

/** What a gate that publishes does once it has compared. */
const decide = async (experimentId: string): Promise<string> => {
  const run = experimentId.split('/')[1] ?? '';
  const name = unique('gate');
  const plan: GatePlan = {
    policy: gatePolicy({}, {}),
    head: { kind: 'run', experimentId, name: run },
    base: { kind: 'run', experimentId, name: run },
    publish: true,
  };
  const head = { kind: 'run', name: run } as const;
  const request = gateRequestSchema.parse({ project: 'shop', name, head });
  const gate = { project: 'shop', name, request, requestHash: 'one', plan, workflowId: 'w' };
  const { id: gateId } = await recordGate(test.store, gate);
  const report: GateReport = {
    format: 'assay-gate',
    version: 1,
    project: 'shop',
    name,
    dataset: 'tickets',
    verdict: comparison.result.verdict,
    head: { ...head, run, ...side },
    base: {
      ...side,
      kind: 'baseline',
      name: comparison.base.baseline ?? '',
      run: comparison.base.experiment,
      runUid: comparison.base.runUid,
      manifestHash: comparison.base.manifestHash,
    },
    policy: plan.policy,
    stale: [],
    changedItems: { n: 0, ids: [] },
    notes: [],
    judges: comparison.judges,
    // As plain JSON it is typed by the schema, which is wider.
    comparison: comparison.result as GateReport['comparison'],
  };
  await writeToReport(test.store, { experimentId, report, comparison });
  await decideGate(test.store, {
    gateId,
    verdict: report.verdict,
    headExperimentId: experimentId,
    report,
  });
  return name;
};

const pass = async (experimentId: string, request: PassRequest): Promise<void> => {
  const opened = await openPass(test.store, {
    experimentId,
    request,
    requestHash: unique('hash'),
    token: unique('token'),
    workflowRunId: 'w',
    manifestHash: 'first',
    details: {},
  });
  expect(opened.state).toBe('opened');
  await finish(experimentId);
};
const rejudge: PassRequest = { kind: 'rejudge', all: true };
const verify: PassRequest = { kind: 'verify', repair: false };

const file = async (experimentId: string, name: string): Promise<string> => {
  const artefact = await getArtefact(test.store, { experimentId, name });
  return artefact?.body.toString('utf8') ?? '';
};
const reported = async (experimentId: string) =>
  reportSchema.parse(JSON.parse(await file(experimentId, 'report.json')));

describe('the report of a run with a verdict', () => {
  it('keeps the comparison through a later pass, and says which scores the verdict stands on', async () => {
    const experimentId = await endedRun();
    const gate = await decide(experimentId);
    const before = await reported(experimentId);
    expect(before.comparison?.result.verdict).toBe(comparison.result.verdict);
    expect(before.comparison?.before).toBeUndefined();
    await pass(experimentId, rejudge);
    const after = await reported(experimentId);
    expect(after.run.passes).toHaveLength(1);
    expect(after.comparison).toEqual({
      ...before.comparison,
      before: { pass: 2, kind: 'rejudge', startedAt: after.run.passes[0]?.startedAt },
    });
    const markdown = await file(experimentId, 'report.md');
    expect(markdown).toContain(`Gate: ${comparison.result.verdict}`);
    expect(markdown).toContain('as they were before pass 2 (judged again');
    const page = await file(experimentId, 'report.html');
    expect(page).toContain('id="comparison"');
    expect(page).toContain('as they were before pass 2 (judged again');
    expect(await verdictsOf(test.store, experimentId)).toMatchObject([
      { name: gate, beforePass: 2 },
    ]);
  });

  it('says nothing of the sort after another look at the platforms, which changes no score', async () => {
    const experimentId = await endedRun();
    await decide(experimentId);
    const before = await reported(experimentId);
    await pass(experimentId, verify);
    expect((await reported(experimentId)).comparison).toEqual(before.comparison);
    expect(await file(experimentId, 'report.md')).not.toContain('as they were before');
    expect(await verdictsOf(test.store, experimentId)).toMatchObject([{ beforePass: null }]);
  });

  it('names the first pass that gave other scores, until a later gate decides on those of now', async () => {
    const experimentId = await endedRun();
    await decide(experimentId);
    await pass(experimentId, verify);
    await pass(experimentId, rejudge);
    await pass(experimentId, rejudge);
    expect((await reported(experimentId)).comparison?.before).toMatchObject({ pass: 3 });
    await decide(experimentId);
    await pass(experimentId, verify);
    const { comparison: kept } = await reported(experimentId);
    expect(kept?.result.verdict).toBe(comparison.result.verdict);
    expect(kept?.before).toBeUndefined();
  });

  it('has the comparison without outputs where the report that held them is of another version', async () => {
    const experimentId = await endedRun();
    await decide(experimentId);
    await test.store.query(
      `delete from assay.artefacts where experiment_id = $1 and name = 'report.json'`,
      [experimentId],
    );
    await pass(experimentId, rejudge);
    const { comparison: kept } = await reported(experimentId);
    expect(kept).toMatchObject({ changed: null, before: { pass: 2 } });
    expect(kept?.result.verdict).toBe(comparison.result.verdict);
  });
});
