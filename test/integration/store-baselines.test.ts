import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Manifest } from '../../src/contracts/manifest.js';
import { gateRequestSchema, type GatePlan } from '../../src/contracts/gate-protocol.js';
import { gatePolicy } from '../../src/core/gate/policy.js';
import {
  baselinePages,
  dropBaselinePages,
  putBaselinePage,
} from '../../src/store/baselines/cells.js';
import {
  countVersion,
  findBaseline,
  findPromoted,
  listBaselines,
  markStale,
  promoteBaseline,
  reserveBaseline,
} from '../../src/store/baselines/rows.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { cellPages, itemPages, labelPages, type CellPage } from '../../src/store/cell-pages.js';
import { decideGate, findGate, finishGate, gateReport, recordGate } from '../../src/store/gates.js';
import { putVerdictScores } from '../../src/store/gate-scores.js';
import { rowsOf } from '../../src/store/query.js';
import { putRunScores } from '../../src/store/run-scores.js';
import { withTransaction } from '../../src/store/store.js';
import { commitOf, newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';

const manifest: Manifest = {
  version: 1,
  dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items: 2 },
  target: {
    kind: 'function',
    name: 'triage',
    code: 'b'.repeat(64),
  },
  evaluators: [],
  repetitions: 1,
};
const content = { runUid: 'uid', manifest, manifestHash: 'hash' };

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const pagesOf = async <Page>(pages: AsyncIterable<Page>): Promise<Page[]> => {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
};

describe('the pages of a run', () => {
  it('hold every cell with its scores of every kind, abstentions beside them, and no body', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 3);
    const [first = '', second = '', third = ''] = cellIds;
    await commitCells(test.store, [
      commitOf(first, {
        scores: [
          { name: 'n', evaluator: 'n', value: { type: 'NUMERIC', value: 0.25 }, passed: false },
          { name: 'nan', evaluator: 'n', value: { type: 'NUMERIC', value: Number.NaN } },
          { name: 'b', evaluator: 'b', value: { type: 'BOOLEAN', value: true } },
          { name: 'c', evaluator: 'c', value: { type: 'CATEGORICAL', value: '"kind"' } },
          { name: 'j.abstained', evaluator: 'j', value: { type: 'BOOLEAN', value: true } },
        ],
      }),
      commitOf(second, { status: 'target_error', scores: [] }),
    ]);
    expect(third).not.toBe('');
    const pages = await pagesOf(cellPages(test.store, experimentId));
    expect(pages).toEqual([
      {
        items: ['item-0', 'item-1', 'item-2'],
        hashes: ['hash-0', 'hash-1', 'hash-2'],
        repetitions: [1, 1, 1],
        statuses: ['ok', 'target_error', 'pending'],
        latencies: [1001, null, null],
        costs: [12e-12, null, null],
        scores: [
          { n: [0.25, false], nan: [null, null], b: [true, null], c: ['"kind"', null] },
          {},
          {},
        ],
        abstained: [['j'], null, null],
      },
    ]);
    // Its items alone are the same ones.
    expect(await pagesOf(itemPages(test.store, experimentId))).toEqual([
      { items: pages[0]?.items, hashes: pages[0]?.hashes },
    ]);
  });

  it('tell of a cell that was taken over what its output cost when it was made, and null where nobody knows', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 2);
    const source = { cellId: 'c', experiment: 'before', runUid: 'u', traceId: 't' };
    const costs = ['0.25', undefined];
    await commitCells(
      test.store,
      cellIds.map((cellId, at) =>
        commitOf(cellId, {
          targetCostPico: 0n,
          latencyMs: 900,
          reusedFrom: {
            output: { ...source, ...(costs[at] === undefined ? {} : { costDollars: costs[at] }) },
            scores: [],
          },
        }),
      ),
    );
    const [page] = await pagesOf(cellPages(test.store, experimentId));
    expect(page).toMatchObject({ latencies: [900, 900], costs: [0.25, null] });
  });

  it('of a run without items are none', async () => {
    expect(await pagesOf(cellPages(test.store, 'shop/nobody'))).toEqual([]);
    expect(await pagesOf(itemPages(test.store, 'shop/nobody'))).toEqual([]);
  });

  it('of labels hold the fields that are asked for, and null where an item lacks one', async () => {
    const { experimentId } = await newCells(test.store, 2);
    const pages = await pagesOf(
      labelPages(test.store, experimentId, ['/input/question', '/metadata/a~1b']),
    );
    expect(pages).toEqual([
      {
        items: ['item-0', 'item-1'],
        labels: [
          ['What is 0?', 'What is 1?'],
          [null, null],
        ],
      },
    ]);
  });
});

describe('labels of long values', () => {
  it('are cut, and differ where the values do', async () => {
    const { experimentId } = await newCells(test.store, 3);
    const long = 'x'.repeat(50_000);
    for (const [ordinal, value] of [`${long}a`, `${long}b`, 'short'].entries()) {
      await test.store.query(
        `update assay.experiment_items set body = $3 where experiment_id = $1 and ordinal = $2`,
        [experimentId, ordinal, JSON.stringify({ input: { text: value } })],
      );
    }
    const [page] = await pagesOf(labelPages(test.store, experimentId, ['/input/text', '/input']));
    const [texts, objects] = page?.labels ?? [];
    expect(texts?.[2]).toBe('short');
    expect(new Set(texts).size).toBe(3);
    expect(new Set(objects).size).toBe(3);
    for (const label of [...(texts ?? []), ...(objects ?? [])]) {
      expect(label?.length).toBeLessThanOrEqual(100);
    }
  });
});

describe('a baseline', () => {
  const page = (item: string): CellPage => ({
    items: [item],
    hashes: ['h'],
    repetitions: [1],
    statuses: ['ok'],
    latencies: [1],
    costs: [null],
    scores: [{ s: [1, true] }],
  });
  const save = async (name = unique('baseline')) => {
    const { experimentId } = await newCells(test.store, 1);
    const whole = { ...content, experimentId };
    const reserved = await reserveBaseline(test.store, {
      ...whole,
      project: 'shop',
      name,
      dataset: 'tickets',
    });
    const version = { baselineId: reserved.id, version: 1 };
    await putBaselinePage(test.store, { ...version, page: 0 }, page('a'));
    return { name, whole, version, key: { project: 'shop', name } };
  };

  it('is nobody’s before all of it is written, then whole, then again after a renewal', async () => {
    const { key, whole, version } = await save();
    expect(await findBaseline(test.store, key)).toBeUndefined();
    expect(await countVersion(test.store, { ...whole, ...version, cells: 1 })).toBe(true);
    // The answer was lost and the activity ran again.
    expect(await countVersion(test.store, { ...whole, ...version, cells: 1 })).toBe(false);
    expect(await findBaseline(test.store, key)).toMatchObject({ version: 1, cells: 1, stale: [] });
    await dropBaselinePages(test.store, version);
    expect(await pagesOf(baselinePages(test.store, version))).toEqual([page('a')]);

    const next = { ...version, version: 2 };
    await putBaselinePage(test.store, { ...next, page: 0 }, page('lost'));
    await putBaselinePage(test.store, { ...next, page: 1 }, page('lost'));
    await dropBaselinePages(test.store, next);
    await putBaselinePage(test.store, { ...next, page: 0 }, page('b'));
    expect(await pagesOf(baselinePages(test.store, version))).toEqual([page('a')]);
    await countVersion(test.store, { ...whole, ...next, cells: 1 });
    expect(await pagesOf(baselinePages(test.store, next))).toEqual([page('b')]);
    expect(await pagesOf(baselinePages(test.store, version))).toEqual([]);
  });

  it('is promoted in the place of the one before, of its dataset only', async () => {
    const [one, two] = [await save(), await save()];
    for (const each of [one, two]) {
      await countVersion(test.store, { ...each.whole, ...each.version, cells: 1 });
    }
    const promote = async (key: { project: string; name: string }): Promise<boolean> => {
      const found = await findBaseline(test.store, key);
      if (found === undefined) throw new Error('It is not there.');
      return promoteBaseline(test.store, found);
    };
    expect(await promote(one.key)).toBe(true);
    expect(await promote(one.key)).toBe(false);
    await Promise.all([promote(two.key), promote(one.key), promote(two.key)]);
    await promote(two.key);
    const of = { project: 'shop', dataset: 'tickets' };
    expect((await findPromoted(test.store, of))?.name).toBe(two.name);
    const listed = await listBaselines(test.store, of);
    expect(listed.filter(({ promoted }) => promoted)).toHaveLength(1);
    expect(listed[0]?.name).toBe(two.name);
    expect(await findPromoted(test.store, { ...of, dataset: 'others' })).toBeUndefined();
  });

  it('keeps why it is stale and since when, until it is fresh again', async () => {
    const { key, whole, version } = await save();
    await countVersion(test.store, { ...whole, ...version, cells: 1 });
    const reasons = [{ at: 'evaluators.tone', message: 'is another now' }];
    await markStale(test.store, version, reasons);
    const first = await findBaseline(test.store, key);
    expect(first).toMatchObject({ stale: reasons, staleAt: expect.any(String) });
    await markStale(test.store, version, reasons);
    expect((await findBaseline(test.store, key))?.staleAt).toBe(first?.staleAt);
    await markStale(test.store, version, []);
    expect(await findBaseline(test.store, key)).toMatchObject({ stale: [], staleAt: undefined });
  });
});

describe('a gate', () => {
  const request = gateRequestSchema.parse({
    project: 'shop',
    name: 'pr',
    head: { kind: 'run', name: 'run' },
  });
  const record = async (name: string, experimentId: string, requestHash = 'one') => {
    const plan: GatePlan = {
      policy: gatePolicy({}, {}),
      head: { kind: 'run', experimentId, name: 'run' },
      base: { kind: 'run', experimentId, name: 'run' },
      publish: true,
    };
    const gate = { project: 'shop', name, request, requestHash, plan, workflowId: 'w' };
    return recordGate(test.store, gate);
  };

  it('is decided once: a repetition changes neither verdict nor what is sent', async () => {
    const { experimentId } = await newCells(test.store, 1);
    const gate = await record(unique('gate'), experimentId);
    const decide = (verdict: 'pass' | 'regress'): Promise<string | undefined> =>
      decideGate(test.store, {
        gateId: gate.id,
        verdict,
        headExperimentId: experimentId,
        report: { verdict },
      });
    expect(await decide('pass')).toEqual(expect.any(String));
    expect(await decide('regress')).toBeUndefined();
    await finishGate(test.store, gate.id, undefined);
    expect(await findGate(test.store, gate)).toMatchObject({ status: 'decided', verdict: 'pass' });
    expect(await gateReport(test.store, gate.id)).toEqual({ verdict: 'pass' });
    // The same name for something else leaves it as it is.
    const other = await record(gate.name, experimentId, 'two');
    expect(other).toMatchObject({ requestHash: 'one', verdict: 'pass' });
  });

  it('that failed can be asked for again, and then is another one', async () => {
    const { experimentId } = await newCells(test.store, 1);
    const gate = await record(unique('gate'), experimentId);
    const error = { code: 'GATE_RUN_FAILED', title: 't', message: 'm', problems: [] };
    await finishGate(test.store, gate.id, error);
    expect(await findGate(test.store, gate)).toMatchObject({ status: 'failed', error });
    const again = await record(gate.name, experimentId, 'two');
    expect(again).toMatchObject({ status: 'running', requestHash: 'two', error: undefined });
  });

  it('sends its last verdict in the place of the one before, and takes back what is given no more', async () => {
    const { experimentId } = await newCells(test.store, 1);
    const recordOf = (ids: string[]) => ({ runId: 'run', body: JSON.stringify(ids), ids });
    const put = (...ids: string[]): Promise<void> =>
      withTransaction(test.store, (on) =>
        putVerdictScores(on, {
          experimentId,
          platform: 'langfuse',
          records: [recordOf(ids)],
          earlier: ['gate', 'gate.tone'],
        }),
      );
    // The run's own, of which one has the id of a verdict's: all of them stay.
    await putRunScores(test.store, {
      experimentId,
      platform: 'langfuse',
      partition: experimentId,
      records: [recordOf(['accuracy', 'gate'])],
    });
    await put('gate', 'gate.tone');
    await put('gate', 'gate.size');
    const waiting = await rowsOf<{ ids: string[] }>(
      test.store,
      'select ids from assay.outbox where experiment_id = $1 and run_id is not null order by id',
      [experimentId],
    );
    expect(waiting).toEqual([{ ids: ['accuracy', 'gate'] }, { ids: ['gate', 'gate.size'] }]);
    const going = await rowsOf<{ target_id: string }>(
      test.store,
      'select target_id from assay.platform_deletions where experiment_id = $1',
      [experimentId],
    );
    expect(going).toEqual([{ target_id: 'gate.tone' }]);
    // It comes back: nothing of it is deleted any more.
    await put('gate', 'gate.tone');
    const left = await rowsOf(
      test.store,
      `select target_id from assay.platform_deletions where experiment_id = $1 and target_id = 'gate.tone'`,
      [experimentId],
    );
    expect(left).toEqual([]);
  });
});
