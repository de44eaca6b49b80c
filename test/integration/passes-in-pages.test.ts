import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { giveUpPass } from '../../src/activities/experiment/pass-close.js';
import type { ExperimentPorts } from '../../src/activities/experiment/ports.js';
import type { EvaluatorIdentity, Manifest } from '../../src/contracts/manifest.js';
import {
  passRequestSchema,
  type PassDetails,
  type PassRecord,
  type PassRequestInput,
} from '../../src/contracts/pass.js';
import type { LabelPairFigures } from '../../src/contracts/publication.js';
import type { ScoreRecord } from '../../src/contracts/records.js';
import { AssayError } from '../../src/core/errors/assay-error.js';
import { scoreComment } from '../../src/evaluators/score-text.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { cellsByIds } from '../../src/store/cell-results.js';
import { finishExperiment } from '../../src/store/experiment-end.js';
import { getExperiment } from '../../src/store/experiments.js';
import { abandonRetries } from '../../src/store/passes/close-pass.js';
import { pendingDeletions } from '../../src/store/passes/deletions.js';
import { openPass } from '../../src/store/passes/open-pass.js';
import { retireSuperseded } from '../../src/store/passes/retire.js';
import { countPassCells } from '../../src/store/passes/pass-cells.js';
import { countOf, rowsOf } from '../../src/store/query.js';
import { labelPairs } from '../../src/store/label-pairs.js';
import { scoreFigures } from '../../src/store/run-scores.js';
import { withTransaction } from '../../src/store/store.js';
import { commitOf, newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** An ended run in which every third cell failed. */
const newEnded = async (items: number, scores?: readonly ScoreRecord[]) => {
  const run = await newCells(test.store, items);
  await commitCells(
    test.store,
    run.cellIds.map((cellId, index) =>
      commitOf(cellId, {
        status: index % 3 === 0 ? 'target_error' : 'ok',
        ...(scores === undefined ? {} : { scores }),
      }),
    ),
  );
  await finishExperiment(test.store, run.experimentId, { status: 'completed' });
  return run;
};

const open = async (
  experimentId: string,
  request: PassRequestInput,
  { details = {}, pageSize = 4 }: { details?: PassDetails; pageSize?: number } = {},
): Promise<{ pass: PassRecord; told: readonly number[] }> => {
  const told: number[] = [];
  const opened = await openPass(
    test.store,
    {
      experimentId,
      request: passRequestSchema.parse(request),
      requestHash: unique('hash'),
      token: unique('token'),
      workflowRunId: 'run',
      manifestHash: undefined,
      details,
    },
    { pageSize, onProgress: (cells) => told.push(cells) },
  );
  if (opened.state !== 'opened') throw new Error(`the pass is ${opened.state}`);
  return { pass: opened.pass, told };
};

interface WorkRow {
  readonly id: string;
  readonly ordinal: number;
  readonly repetition: number;
  readonly revision: number;
  readonly position: number;
  readonly supersedes: string | null;
  readonly status: string;
  readonly latest: boolean;
}

const workOf = (experimentId: string, pass: number): Promise<WorkRow[]> =>
  rowsOf(
    test.store,
    `select id, ordinal, repetition, revision, position, supersedes, status, latest
       from assay.experiment_cells where experiment_id = $1 and pass = $2 order by ordinal, repetition`,
    [experimentId, pass],
  );

const places = (rows: readonly WorkRow[]): readonly number[] =>
  rows.map(({ position }) => position).sort((a, b) => a - b);

const upTo = (cells: number): readonly number[] => Array.from({ length: cells }, (_, at) => at);

describe('the rows of a pass, written page by page', () => {
  it('follow each failed cell of a retry, at all places of a random order', async () => {
    const { experimentId, cellIds } = await newEnded(31);
    const { pass, told } = await open(experimentId, { kind: 'retry' });
    const rows = await workOf(experimentId, pass.pass);
    expect(rows.map(({ supersedes }) => supersedes)).toEqual(
      cellIds.filter((_, at) => at % 3 === 0),
    );
    expect(rows.every(({ revision, latest }) => revision === 2 && latest)).toBe(true);
    expect(places(rows)).toEqual(upTo(11));
    // A random order: the items would be run in their own one else.
    expect(rows.map(({ position }) => position)).not.toEqual(upTo(11));
    expect(pass.cells).toBe(11);
    expect((await getExperiment(test.store, experimentId)).planned).toBe(31);
    // No page wrote more than its share.
    expect(told.map((cells, at) => cells - (told[at - 1] ?? 0)).every((each) => each <= 4)).toBe(
      true,
    );
  });

  it('stand beside each cell with an output for a re-judgement', async () => {
    const { experimentId, cellIds } = await newEnded(10);
    const { pass } = await open(experimentId, { kind: 'rejudge' });
    const rows = await workOf(experimentId, pass.pass);
    expect(rows.map(({ supersedes }) => supersedes)).toEqual(cellIds);
    expect(rows.every(({ revision, latest }) => revision === -2 && !latest)).toBe(true);
    expect(places(rows)).toEqual(upTo(10));
  });

  it('are the repetitions that are not there yet for an extension', async () => {
    const { experimentId } = await newEnded(7);
    const { pass } = await open(experimentId, { kind: 'extend', repetitions: 3 });
    const rows = await workOf(experimentId, pass.pass);
    expect(rows.map(({ ordinal, repetition }) => [ordinal, repetition])).toEqual(
      upTo(7).flatMap((ordinal) => [2, 3].map((repetition) => [ordinal, repetition])),
    );
    expect(places(rows)).toEqual(upTo(14));
  });

  it('are counted without a look at them', async () => {
    const { experimentId } = await newEnded(31);
    const { pass } = await open(experimentId, { kind: 'rejudge' });
    const of = { experimentId, pass: pass.pass };
    const [first] = await workOf(experimentId, pass.pass);
    await test.store.query(`update assay.experiment_cells set status = 'ok' where id = $1`, [
      first?.id,
    ]);
    await withTransaction(test.store, async (on) => {
      await countOf(on, 'lock table assay.experiment_cells in access exclusive mode');
      // On another connection: a read of the cells would wait for the end of this transaction.
      const late = new Promise<'late'>((resolve) => setTimeout(resolve, 5_000, 'late').unref());
      expect(await Promise.race([countPassCells(test.store, of), late])).toEqual({
        planned: 31,
        pending: 30,
        ok: 1,
        target_error: 0,
        evaluator_error: 0,
        skipped: 0,
      });
    });
  });

  it('are given up page by page, and the cells are again as they were', async () => {
    const { experimentId, cellIds } = await newEnded(31);
    const { pass } = await open(experimentId, { kind: 'retry' });
    const work = await workOf(experimentId, pass.pass);
    await commitCells(test.store, [commitOf(work[5]?.id ?? '')]);
    const told: number[] = [];
    const key = {
      experimentId,
      pass: pass.pass,
      pageSize: 4,
      onProgress: (cells: number) => told.push(cells),
    };
    const reason = new AssayError('EXPERIMENT_CANCELLED', 'It was cancelled.').toJSON();
    expect(await abandonRetries(test.store, key, reason)).toBe(10);
    expect(told.length).toBeGreaterThan(2);
    const latest = await rowsOf<{ id: string }>(
      test.store,
      'select id from assay.experiment_cells where experiment_id = $1 and latest order by ordinal',
      [experimentId],
    );
    expect(latest.map(({ id }) => id)).toEqual(
      cellIds.map((id, at) => (at === 15 ? work[5]?.id : id)),
    );
    expect(await abandonRetries(test.store, key, reason)).toBe(0);
  });

  it('take what they replaced out of the outbox page by page, and nothing else', async () => {
    const { experimentId, cellIds } = await newEnded(31);
    const { pass } = await open(experimentId, { kind: 'retry' });
    const work = await workOf(experimentId, pass.pass);
    await commitCells(
      test.store,
      work.map(({ id }) => commitOf(id)),
    );
    await retireSuperseded(test.store, { experimentId, pass: pass.pass, pageSize: 4 });
    const left = await rowsOf<{ cell: string }>(
      test.store,
      'select cell_id as cell from assay.outbox where experiment_id = $1 order by cell_id',
      [experimentId],
    );
    const kept = cellIds.filter((_, at) => at % 3 !== 0);
    expect(left.map(({ cell }) => cell)).toEqual(
      [...kept, ...work.map(({ id }) => id)]
        .sort((a, b) => Number(a) - Number(b))
        .flatMap((id) => [id, id]),
    );
    const of = { experimentId, platform: 'langfuse', limit: 100 };
    const deletions = await pendingDeletions(test.store, of);
    expect(deletions.map(({ targetId }) => targetId).sort()).toEqual(
      cellIds
        .filter((_, at) => at % 3 === 0)
        .map((id) => `trace-${id}`)
        .sort(),
    );
  });
});

describe('the scores of a run as a whole', () => {
  it('come to the same, however many cells a statement looks at', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 23);
    await commitCells(
      test.store,
      cellIds.map((cellId, at) =>
        commitOf(cellId, {
          scores: [
            { name: 'half', evaluator: 'half', value: { type: 'NUMERIC', value: at / 2 } },
            {
              name: 'even',
              evaluator: at < 9 ? 'b' : 'a',
              value: { type: 'BOOLEAN', value: at % 2 === 0 },
              passed: at % 2 === 0,
            },
          ].slice(at % 5 === 0 ? 1 : 0) as ScoreRecord[],
        }),
      ),
    );
    const whole = await scoreFigures(test.store, experimentId);
    expect(whole).toEqual([
      {
        repetition: 1,
        name: 'even',
        evaluator: 'a',
        planned: 23,
        graded: 23,
        passed: 12,
        numbers: 0,
        sum: 0,
      },
      {
        repetition: 1,
        name: 'half',
        evaluator: 'half',
        planned: 23,
        graded: 0,
        passed: 0,
        numbers: 18,
        // All halves but those of 0, 5, 10, 15 and 20.
        sum: (253 - 50) / 2,
      },
    ]);
    const told: number[] = [];
    const walk = { pageSize: 4, onProgress: (items: number) => told.push(items) };
    expect(await scoreFigures(test.store, experimentId, walk)).toEqual(whole);
    expect(told).toEqual([4, 8, 12, 16, 20, 23]);
  });

  it('count the pairs of labels to the same, however many cells a statement looks at', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 23);
    await commitCells(
      test.store,
      cellIds.map((cellId, at) => {
        const expected = at % 2 === 0 ? 'refund' : 'invoice';
        const right = at % 3 !== 0;
        return commitOf(cellId, {
          scores: [
            {
              name: 'kind',
              evaluator: 'kind',
              value: { type: 'CATEGORICAL', value: right ? expected : 'other' },
              passed: right,
              comment: scoreComment({ reasoning: '', [right ? 'passed' : 'failed']: [expected] }),
            },
          ],
        });
      }),
    );
    const pair = (expected: string, given: string, n: number): LabelPairFigures => ({
      repetition: 1,
      evaluator: 'kind',
      expected,
      given,
      n,
    });
    const told: number[] = [];
    const walk = { pageSize: 4, onProgress: (items: number) => told.push(items) };
    const pairs = await labelPairs(test.store, { experimentId, evaluators: ['kind'], ...walk });
    // Of 23 cells the 12 even ones expect a refund; every third cell is wrong, four of them even.
    expect(new Set(pairs)).toEqual(
      new Set([
        pair('refund', 'refund', 8),
        pair('refund', 'other', 4),
        pair('invoice', 'invoice', 7),
        pair('invoice', 'other', 4),
      ]),
    );
    expect(told).toEqual([4, 8, 12, 16, 20, 23]);
  });
});

describe('a re-judgement that is cancelled', () => {
  const identityOf = (name: string, options: object = {}): EvaluatorIdentity => ({
    name,
    kind: 'exact_match',
    required: true,
    options: { ...options },
  });
  const score = (name: string): ScoreRecord => ({
    name,
    evaluator: name,
    value: { type: 'BOOLEAN', value: true },
  });
  const manifest: Manifest = {
    version: 1,
    dataset: { name: 'tickets', itemsHash: '0'.repeat(64), items: 3 },
    target: { kind: 'function', name: 'triage', code: '0'.repeat(64) },
    evaluators: [identityOf('same'), identityOf('other')],
    repetitions: 1,
  };
  const ports = () =>
    ({
      store: test.store,
      platforms: [],
      project: { config: { targets: {} } },
    }) as unknown as ExperimentPorts;

  const givenUp = async (evaluators: NonNullable<PassDetails['evaluators']>) => {
    const { experimentId, cellIds } = await newEnded(3, [score('same'), score('other')]);
    await test.store.query(
      'update assay.experiments set manifest = $2, context = $3, planned_at = clock_timestamp() where id = $1',
      [experimentId, JSON.stringify(manifest), JSON.stringify({ project: 'shop' })],
    );
    const details = { details: { evaluators } };
    const { pass } = await open(experimentId, { kind: 'rejudge', all: true }, details);
    const told: object[] = [];
    await giveUpPass(ports(), {
      record: await getExperiment(test.store, experimentId),
      pass,
      error: new AssayError('EXPERIMENT_CANCELLED', 'It was cancelled.').toJSON(),
      beat: { tell: (details) => told.push(details) },
    });
    const cells = await cellsByIds(test.store, cellIds);
    const work = await workOf(experimentId, pass.pass);
    return { cells, told, statuses: work.map(({ status }) => status) };
  };

  it('leaves cells that it did not get to as they were, where no evaluator has changed', async () => {
    const same = ['same', 'other'].map((name) => ({
      name,
      before: identityOf(name),
      after: identityOf(name),
    }));
    const { cells, statuses, told } = await givenUp(same);
    for (const { scores, evaluatorFailures } of cells) {
      expect(scores.map(({ name }) => name)).toEqual(['other', 'same']);
      expect(evaluatorFailures).toEqual([]);
    }
    expect(cells.map(({ status }) => status)).toEqual(['target_error', 'ok', 'ok']);
    expect(statuses).toEqual(['skipped', 'skipped', 'skipped']);
    expect(told).toContainEqual({ step: 'give up', cells: 3 });
  });

  it('takes from them only the scores of evaluators that have, and says why', async () => {
    const { cells, statuses, told } = await givenUp([
      { name: 'same', before: identityOf('same'), after: identityOf('same') },
      { name: 'other', before: identityOf('other'), after: identityOf('other', { trim: true }) },
    ]);
    for (const { scores, evaluatorFailures, status } of cells) {
      expect(scores.map(({ name }) => name)).toEqual(['same']);
      expect(evaluatorFailures).toMatchObject([
        { evaluator: 'other', error: { code: 'EXPERIMENT_CANCELLED' } },
      ]);
      expect(status).toBe('evaluator_error');
    }
    expect(statuses).toEqual(['evaluator_error', 'evaluator_error', 'evaluator_error']);
    expect(told).toContainEqual({ step: 'give up', cells: 3 });
  });
});
