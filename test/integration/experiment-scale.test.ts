import { setMaxListeners } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { runBatch, smallBatchBytes } from '../../src/activities/experiment/batch-cells.js';
import type { BatchWork } from '../../src/activities/experiment/cell-attempts.js';
import { createCellMemory } from '../../src/activities/experiment/cell-memory.js';
import { scanItems } from '../../src/activities/experiment/item-scan.js';
import { openItems } from '../../src/activities/experiment/item-stream.js';
import { planItems } from '../../src/activities/experiment/plan-items.js';
import type { ExperimentPorts } from '../../src/activities/experiment/ports.js';
import { configSchema } from '../../src/contracts/config.js';
import type { Manifest } from '../../src/contracts/manifest.js';
import { streamResults } from '../../src/store/cell-results.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { countCells, waitingCells } from '../../src/store/cells.js';
import { getExperiment } from '../../src/store/experiments.js';
import { insertPage, itemPages } from '../../src/store/items.js';
import { commitOf, newExperiment, openTestStore, type TestStore } from './store-fixtures.js';

let test: TestStore;
let root: string;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-scale-'));
  await mkdir(join(root, 'datasets/tickets'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const never = new AbortController().signal;
// All lanes of a test wait with it at once.
setMaxListeners(0, never);

// What planning needs of the ports, and no more.
const ports = (): ExperimentPorts =>
  ({
    store: test.store,
    platforms: [],
    project: {
      config: configSchema.parse({ project: 'shop', targets: {}, evaluators: {} }),
      root,
      codeHash: '',
    },
  }) as unknown as ExperimentPorts;

const write = (ids: readonly number[], text = 'x'): Promise<void> =>
  writeFile(
    join(root, 'datasets/tickets/test_cases.jsonl'),
    ids.map((id) => JSON.stringify({ id, inputs: { text: `${text}${id}` } })).join('\n'),
  );

async function submitted() {
  const experimentId = await newExperiment(test.store);
  const stored = await getExperiment(test.store, experimentId);
  // Nothing is sent anywhere, so that no platform is needed.
  const record = { ...stored, spec: { ...stored.spec, trace: 'none' as const } };
  const stream = await openItems(record.spec, ports());
  const dataset = await scanItems(stream, {
    signal: never,
    selection: undefined,
    onPage: () => undefined,
  });
  const manifest: Manifest = {
    version: 1,
    dataset: { name: 'tickets', ...dataset },
    target: { kind: 'function', name: 'triage', code: '0'.repeat(64) },
    evaluators: [],
    repetitions: record.spec.repetitions,
  };
  const plan = (options: { signal?: AbortSignal; onItems?: (items: number) => void } = {}) =>
    planItems(record, {
      manifest,
      ports: ports(),
      beat: {
        tell: ({ items }) => options.onItems?.(Number(items)),
        cancelled: options.signal ?? never,
        before: {},
      },
    });
  return { experimentId, plan };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('the plan of many items', () => {
  it('goes on after it was stopped at any page, and writes every cell once', async () => {
    await write(numbers(3_500));
    const { experimentId, plan } = await submitted();
    for (const stopAt of [1_000, 2_000]) {
      const stop = new AbortController();
      const onItems = (items: number): void => {
        if (items >= stopAt) stop.abort(new Error('killed'));
      };
      await expect(plan({ signal: stop.signal, onItems })).rejects.toThrow('killed');
      const { planned } = await countCells(test.store, experimentId);
      expect(planned).toBeGreaterThanOrEqual(stopAt);
      expect(planned).toBeLessThan(3_500);
    }
    await plan();
    await plan();
    expect(await countCells(test.store, experimentId)).toMatchObject({
      planned: 3_500,
      pending: 3_500,
    });
    const ids: string[] = [];
    for await (const page of itemPages(test.store, { experimentId })) {
      ids.push(...page.map(({ item }) => item.id));
    }
    expect(ids).toEqual(numbers(3_500).map(String));
  });

  it('refuses a dataset that changed since it was submitted: an item more, one less, another content', async () => {
    for (const change of [
      () => write(numbers(21)),
      () => write(numbers(19)),
      () => write(numbers(20), 'y'),
    ]) {
      await write(numbers(20));
      const { plan } = await submitted();
      await change();
      await expect(plan()).rejects.toMatchObject({ code: 'EXPERIMENT_CONFLICT' });
    }
  });

  it('refuses rows of a content that the file had for a moment only', async () => {
    await write(numbers(2_000));
    const { plan } = await submitted();
    await write(numbers(2_000), 'y');
    await expect(plan()).rejects.toMatchObject({ code: 'EXPERIMENT_CONFLICT' });
    await write(numbers(2_000));
    await expect(plan()).rejects.toMatchObject({ code: 'EXPERIMENT_CONFLICT' });
  });

  it('writes nothing once the cells are closed, as a planner does that was frozen meanwhile', async () => {
    await write(numbers(5));
    const { experimentId, plan } = await submitted();
    await test.store.query(
      'update assay.experiments set cells_done_at = clock_timestamp() where id = $1',
      [experimentId],
    );
    await expect(plan()).rejects.toMatchObject({ code: 'EXPERIMENT_CONFLICT' });
    expect(await countCells(test.store, experimentId)).toMatchObject({ planned: 0 });
  });
});

const megabyte = 1_000_000;

/** A run of so many cells of 1 MB each. */
async function largeCells(count: number): Promise<string> {
  const experimentId = await newExperiment(test.store);
  for (let ordinal = 0; ordinal < count; ordinal += 1) {
    const item = { id: `i${ordinal}`, input: { text: 'a'.repeat(megabyte) }, metadata: {} };
    await insertPage(test.store, {
      experimentId,
      items: [{ ordinal, item, hash: `h${ordinal}` }],
      repetitions: 1,
      positionOf: (position) => position,
    });
  }
  return experimentId;
}

describe('large cells', () => {
  it('are read only as far as the worker has room for them, over all of its batches, and all are run', async () => {
    const experimentId = await largeCells(40);
    const memory = createCellMemory(8 * megabyte);
    let held = 0;
    let most = 0;
    const ran = new Set<string>();
    const batch = async (from: number) => {
      const range = { experimentId, fromPosition: from, toPosition: from + 20 };
      const cells = await waitingCells(test.store, { ...range, bodyBytes: smallBatchBytes });
      const outcomes = await runBatch(
        {
          cells,
          work: { run: { experimentId }, stop: never, abandon: never } as unknown as BatchWork,
          onFailure: () => undefined,
          onDone: () => undefined,
        },
        {
          store: test.store,
          memory,
          takeOver: (rest) => Promise.resolve({ taken: [], rest }),
          attempt: async (cell) => {
            held += JSON.stringify(cell.item).length;
            most = Math.max(most, held);
            await new Promise((resolve) => setTimeout(resolve, 5));
            held -= JSON.stringify(cell.item).length;
            ran.add(cell.cellId);
            return { kind: 'ended', status: 'ok' };
          },
        },
      );
      expect(outcomes).toHaveLength(20);
    };
    await Promise.all([batch(0), batch(20)]);
    expect(ran.size).toBe(40);
    expect(memory.held).toBe(0);
    // Each counts twice: it stands in the prompt and the request as well.
    expect(most).toBeLessThanOrEqual(4 * (megabyte + 100));
    expect(most).toBeGreaterThan(2 * megabyte);
  });

  it('that wait for room are not started when the batch must stop', async () => {
    const experimentId = await largeCells(4);
    const memory = createCellMemory(2 * megabyte);
    const stop = new AbortController();
    const range = { experimentId, fromPosition: 0, toPosition: 4 };
    const cells = await waitingCells(test.store, { ...range, bodyBytes: smallBatchBytes });
    const outcomes = await runBatch(
      {
        cells,
        work: { run: { experimentId }, stop: stop.signal, abandon: never } as unknown as BatchWork,
        onFailure: () => undefined,
        onDone: () => undefined,
      },
      {
        store: test.store,
        memory,
        takeOver: (rest) => Promise.resolve({ taken: [], rest }),
        attempt: async () => {
          stop.abort(new Error('stop'));
          await new Promise((resolve) => setTimeout(resolve, 20));
          return { kind: 'ended', status: 'ok' };
        },
      },
    );
    const kinds = outcomes.map((each) =>
      each.status === 'fulfilled' ? each.value.kind : 'broken',
    );
    expect(kinds.filter((kind) => kind === 'not_started').length).toBeGreaterThanOrEqual(2);
    expect(kinds).toHaveLength(4);
    expect(memory.held).toBe(0);
  });

  it('are read back with their outputs of 5 MB a few at a time', async () => {
    const experimentId = await largeCells(8);
    const range = { experimentId, fromPosition: 0, toPosition: 8 };
    const cells = await waitingCells(test.store, { ...range, bodyBytes: 0 });
    for (const { cellId } of cells) {
      const output = 'b'.repeat(5 * megabyte);
      await commitCells(test.store, [commitOf(cellId, { output }, experimentId)]);
    }
    const seen: string[] = [];
    for await (const { cellId, output } of streamResults(test.store, experimentId)) {
      expect(typeof output === 'string' && output.length).toBe(5 * megabyte);
      seen.push(cellId);
    }
    expect(seen).toEqual(cells.map(({ cellId }) => cellId));
  });
});
