import { mkdtempSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ExperimentView } from '../../src/client/experiment-view.js';
import type { StoredCell } from '../../src/store/cell-codec.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles } from '../support/project-files.js';
import { until } from '../support/until.js';

const project = 'passes';
const items = 30;

// What the target and the evaluator look at to decide whether they fail: their code stays the same.
const flags = mkdtempSync(join(tmpdir(), 'assay-passes-'));
const raise = (flag: string): Promise<void> => writeFile(join(flags, flag), '');
const lower = (flag: string): Promise<void> => rm(join(flags, flag), { force: true });

const config = (evaluators = ''): string =>
  configFile({
    project,
    prelude: `
      import { existsSync } from 'node:fs';
      const raised = (flag: string): boolean => existsSync(${JSON.stringify(flags)} + '/' + flag);
      const numberOf = (text: string): number => Number(/case (\\d+)/.exec(text)?.[1]);
      const answer = async ({ text }, context) => {
        const said = await context.models.chat({
          model: 'small',
          messages: [{ role: 'user', content: text }],
        });
        if (raised('target') && numberOf(text) % 5 === 0) throw new Error('on purpose');
        return { reply: said.text };
      };
      const long = ({ input, output }) => {
        if (raised('evaluator') && numberOf(input.text) % 5 === 1) throw new Error('on purpose');
        return output.reply.length;
      };
      const wide = ({ output }) => output.reply.length * 2;`,
    targets: `answer: { kind: 'function', run: answer, evaluators: ['long', 'tone'] },`,
    evaluators: `
      long: { kind: 'function', run: long },
      tone: { kind: 'llm_judge', model: 'small', rubricFile: 'rubric.md', path: '/reply' },
      ${evaluators}`,
  });

describe('a run that has ended', () => {
  let harness: Harness;
  let workers: SupervisedWorkers;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 30,
      files: {
        'assay.config.ts': config(),
        'rubric.md': '- The reply is polite.\n- The reply names the invoice.\n',
        ...datasetFiles(items),
      },
    });
    workers = await harness.startWorkers();
  });
  afterAll(async () => {
    await harness.stop();
    rmSync(flags, { recursive: true, force: true });
  });

  const key = (name: string) => ({ project, name });
  const ended = (name: string): Promise<ExperimentView> =>
    harness.client.experiments.wait(key(name), { timeoutMs: 120_000 });
  const cellsOf = async (name: string): Promise<readonly StoredCell[]> => {
    const cells: StoredCell[] = [];
    for await (const cell of harness.client.experiments.results(key(name))) cells.push(cell);
    return cells;
  };
  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'nothing was refused',
      (error: unknown) => (error as { code?: unknown }).code,
    );

  /** Each cell once on the platform: its last revision's trace, one row per span, and the scores that the store has. */
  const expectExactlyOnce = async (view: ExperimentView): Promise<void> => {
    const cells = await cellsOf(view.name);
    const rows = await harness.platform.spanRows(view.runUid);
    expect([...rows.values()].filter((count) => count !== 1)).toEqual([]);
    const shown = new Set([...rows.keys()].map((row) => row.split('/')[0]));
    expect(shown).toEqual(new Set(cells.map(({ traceId }) => traceId)));
    const scores = await harness.platform.scoreIds([...shown].map(String));
    expect(new Set(scores).size).toBe(scores.length);
    expect(scores).toHaveLength(cells.reduce((sum, cell) => sum + cell.scores.length, 0));
    expect(view.publication).toMatchObject([
      { duplicateSpans: 0, expectedTraces: cells.length, verifiedTraces: cells.length },
    ]);
    expect(view.publication[0]?.verifiedScores).toBe(scores.length);
  };
  const repeatedIn = (calls: ReadonlyMap<string, number>): number =>
    [...calls.values()].reduce((sum, count) => sum + count - 1, 0);
  const callsMadeBy = async (work: () => Promise<unknown>): Promise<number> => {
    const before = await harness.paidCalls();
    await work();
    const after = await harness.paidCalls();
    expect(repeatedIn(after)).toBe(repeatedIn(before));
    return after.size - before.size;
  };

  it('retries what failed and nothing else, and the platform shows each cell once afterwards', async () => {
    await raise('target');
    await raise('evaluator');
    const first = await harness.run({ name: 'retried', target: 'answer' });
    expect(first.counts).toMatchObject({ ok: 18, target_error: 6, evaluator_error: 6 });
    const before = await cellsOf('retried');
    await lower('target');
    await lower('evaluator');
    const calls = await callsMadeBy(async () => {
      const started = await harness.client.experiments.retryFailed(key('retried'));
      expect(started).toMatchObject({ outcome: 'started', kind: 'retry', pass: 2, cells: 12 });
      await ended('retried');
    });
    const view = await ended('retried');
    expect(view.status).toBe('completed');
    expect(view.counts).toMatchObject({ planned: items, ok: items });
    // Six targets and their judges; a cell whose target and judge were fine asks neither again.
    expect(calls).toBe(12);
    await expectExactlyOnce(view);
    const after = await cellsOf('retried');
    const fine = before.filter(({ status }) => status === 'ok').map(({ traceId }) => traceId);
    expect(after.filter(({ revision }) => revision === 1).map(({ traceId }) => traceId)).toEqual(
      fine,
    );
    expect(after.filter(({ revision }) => revision === 2)).toHaveLength(12);
    expect(view.passes).toMatchObject([
      {
        kind: 'retry',
        cells: 12,
        statusAfter: 'completed',
        outcome: { deleted: 12, notDeleted: 0 },
      },
    ]);
    const kept = after.find(({ itemId }) => itemId === 'T-1');
    const earlier = before.find(({ itemId }) => itemId === 'T-1');
    expect(kept?.output).toEqual(earlier?.output);
    const roots = await harness.platform.observations(view.runUid, 'core,metadata');
    const superseding = roots
      .map(({ metadata }) => (metadata as Record<string, unknown>)['assay.supersedes'])
      .filter((trace) => trace !== undefined);
    expect(superseding).toContain(earlier?.traceId);
    expect(await harness.client.experiments.report(key('retried'), 'markdown')).toContain(
      '12 cells',
    );
  }, 180_000);

  it('refuses what makes no sense, by a code', async () => {
    const { experiments } = harness.client;
    expect(await codeOf(experiments.retryFailed(key('retried')))).toBe('NOTHING_TO_RETRY');
    expect(await codeOf(experiments.rejudge(key('retried')))).toBe('NOTHING_TO_REJUDGE');
    expect(await codeOf(experiments.rejudge(key('retried'), { evaluators: ['nobody'] }))).toBe(
      'EVALUATOR_NOT_FOUND',
    );
    expect(await codeOf(experiments.extend(key('retried'), { repetitions: 1 }))).toBe(
      'SPEC_INVALID',
    );
    expect(
      await codeOf(experiments.rejudge(key('retried'), { evaluators: ['tone'], all: true })),
    ).toBe('SPEC_INVALID');
    expect(await codeOf(experiments.retryFailed(key('nowhere')))).toBe('EXPERIMENT_NOT_FOUND');
    const view = await experiments.get(key('retried'));
    expect(view.status).toBe('completed');
    expect(view.passes).toHaveLength(1);
  });

  it('is judged again without a target call, and scores are replaced where they stand', async () => {
    await writeFile(
      join(harness.folder, 'rubric.md'),
      '- The reply mentions zebras.\n- The reply is in Latin.\n',
    );
    const before = await cellsOf('retried');
    const calls = await callsMadeBy(async () => {
      const started = await harness.client.experiments.rejudge(key('retried'));
      expect(started).toMatchObject({ kind: 'rejudge', pass: 3, cells: items });
      await ended('retried');
    });
    const view = await ended('retried');
    expect(view.status).toBe('completed');
    expect(calls).toBe(items);
    await expectExactlyOnce(view);
    const after = await cellsOf('retried');
    expect(after.map(({ traceId }) => traceId)).toEqual(before.map(({ traceId }) => traceId));
    const tones = (cells: readonly StoredCell[]) =>
      cells.map(({ scores }) => scores.find(({ name }) => name === 'tone')?.comment?.failed_items);
    expect(tones(after)).not.toEqual(tones(before));
    const lengths = (cells: readonly StoredCell[]) =>
      cells.map(({ scores }) => scores.find(({ name }) => name === 'long')?.value);
    expect(lengths(after)).toEqual(lengths(before));
    expect(view.passes[1]?.details.evaluators).toMatchObject([
      { name: 'tone', before: { judge: {} }, after: { judge: {} } },
    ]);
    // The same submission as today is the same run.
    const again = await harness.client.experiments.start({
      ...key('retried'),
      dataset: { name: 'items' },
      target: 'answer',
    });
    expect(again.outcome).toBe('attached');
  }, 180_000);

  it('takes up a pass whose worker was killed in the middle, exactly', async () => {
    await raise('target');
    const first = await harness.run({
      name: 'killed',
      target: 'answer',
      repetitions: 10,
      concurrency: 4,
    });
    expect(first.counts.target_error).toBe(60);
    await lower('target');
    await harness.client.experiments.retryFailed(key('killed'));
    // The same command while it goes on is the same pass; another one is refused.
    expect(await harness.client.experiments.retryFailed(key('killed'))).toMatchObject({
      outcome: 'attached',
      pass: 2,
    });
    expect(
      await codeOf(harness.client.experiments.extend(key('killed'), { repetitions: 11 })),
    ).toBe('EXPERIMENT_RUNNING');
    await until(async () => {
      const { counts } = await harness.client.experiments.get(key('killed'));
      return counts.pending < 55 && counts.pending > 0;
    });
    const [pid] = workers.pids;
    if (pid === undefined) throw new Error('no worker');
    process.kill(pid, 'SIGKILL');
    const view = await ended('killed');
    expect(view.status).toBe('completed');
    // Those that were in flight at the kill, at most one a slot.
    expect(repeatedIn(await harness.paidCalls())).toBeLessThanOrEqual(4);
    expect(view.counts).toMatchObject({ planned: 300, ok: 300 });
    await expectExactlyOnce(view);
    expect(view.passes).toMatchObject([
      { outcome: { cells: { planned: 60, ok: 60 }, deleted: 60 } },
    ]);
  }, 240_000);

  it('is judged exactly once more where a worker is killed in the middle of it', async () => {
    const before = await harness.paidCalls();
    const started = await harness.client.experiments.rejudge(key('killed'), { all: true });
    expect(started).toMatchObject({ kind: 'rejudge', cells: 300 });
    await until(async () => {
      const { pass } = await harness.client.experiments.get(key('killed'));
      return pass !== undefined && pass.done > 20;
    });
    const [pid] = workers.pids;
    if (pid === undefined) throw new Error('no worker');
    process.kill(pid, 'SIGKILL');
    const view = await ended('killed');
    const after = await harness.paidCalls();
    expect(view).toMatchObject({ status: 'completed', counts: { planned: 300, ok: 300 } });
    // One judge's call a cell, also of the unchanged rubric, and no target's.
    expect(after.size - before.size).toBe(300);
    expect(repeatedIn(after) - repeatedIn(before)).toBeLessThanOrEqual(4);
    await expectExactlyOnce(view);
  }, 240_000);

  it('gets more repetitions, and is then the run that a submission with as many attaches to', async () => {
    const first = await harness.run({ name: 'longer', target: 'answer', repetitions: 2 });
    expect(first.counts).toMatchObject({ planned: 60, ok: 60 });
    const calls = await callsMadeBy(async () => {
      await harness.client.experiments.extend(key('longer'), { repetitions: 3 });
      await ended('longer');
    });
    expect(calls).toBe(60);
    const view = await ended('longer');
    expect(view.counts).toMatchObject({ planned: 90, ok: 90 });
    await expectExactlyOnce(view);
    const spec = { ...key('longer'), dataset: { name: 'items' }, target: 'answer' };
    const again = await harness.client.experiments.start({ ...spec, repetitions: 3 });
    expect(again.outcome).toBe('attached');
    expect(await codeOf(harness.client.experiments.start({ ...spec, repetitions: 2 }))).toBe(
      'EXPERIMENT_CONFLICT',
    );
    expect(await codeOf(harness.client.experiments.extend(key('longer'), { repetitions: 3 }))).toBe(
      'NOTHING_TO_EXTEND',
    );
  }, 180_000);

  it('is as it was where a retry is cancelled, but for the cells that it got to', async () => {
    await raise('target');
    const first = await harness.run({
      name: 'given-up',
      target: 'answer',
      repetitions: 10,
      concurrency: 2,
    });
    expect(first.counts.target_error).toBe(60);
    await lower('target');
    await harness.client.experiments.retryFailed(key('given-up'));
    await until(async () => {
      const { pass } = await harness.client.experiments.get(key('given-up'));
      return pass !== undefined && pass.done > 0;
    });
    await harness.client.experiments.cancel(key('given-up'));
    const view = await ended('given-up');
    expect(view.status).toBe('cancelled');
    expect(view.counts).toMatchObject({ planned: 300, pending: 0, skipped: 0 });
    const mended = view.counts.ok - 240;
    expect(mended).toBeGreaterThan(0);
    expect(view.counts.target_error).toBe(60 - mended);
    await expectExactlyOnce(view);
    await harness.client.experiments.retryFailed(key('given-up'));
    const whole = await ended('given-up');
    expect(whole.status).toBe('completed');
    expect(whole.counts).toMatchObject({ planned: 300, ok: 300 });
    await expectExactlyOnce(whole);
  }, 240_000);

  it('says of cells that a cancelled re-judgement did not reach that they have no score', async () => {
    await writeFile(join(harness.folder, 'rubric.md'), '- The reply is short.\n');
    const started = await harness.client.experiments.rejudge(key('given-up'));
    expect(started.cells).toBe(300);
    await until(async () => {
      const { pass } = await harness.client.experiments.get(key('given-up'));
      return pass !== undefined && pass.done > 0;
    });
    await harness.client.experiments.cancel(key('given-up'));
    const view = await ended('given-up');
    expect(view.status).toBe('cancelled');
    const cells = await cellsOf('given-up');
    const judged = cells.filter(({ scores }) => scores.some(({ name }) => name === 'tone'));
    expect(judged.length).toBeGreaterThan(0);
    expect(view.counts).toMatchObject({ ok: judged.length, evaluator_error: 300 - judged.length });
    await expectExactlyOnce(view);
    // A retry asks the judge about the others, and no target.
    const calls = await callsMadeBy(async () => {
      await harness.client.experiments.retryFailed(key('given-up'));
      await ended('given-up');
    });
    expect(calls).toBe(300 - judged.length);
    const whole = await ended('given-up');
    expect(whole).toMatchObject({ status: 'completed', counts: { ok: 300 } });
    await expectExactlyOnce(whole);
  }, 240_000);

  it('is read back again, and what the platform lost is sent again', async () => {
    // Nothing is visible before the deadline, so the run ends unverified and keeps what it sent.
    await harness.platform.admin('POST', '/dev/visibility', {
      spans: { fixedMs: 6_000 },
      scores: { fixedMs: 6_000 },
    });
    const first = await harness.run({
      name: 'unverified',
      target: 'answer',
      timeouts: { verifyMs: 1_000 },
    });
    await harness.platform.admin('POST', '/dev/visibility', {
      spans: { fixedMs: 0 },
      scores: { fixedMs: 0 },
    });
    expect(first.status).toBe('completed_unverified');
    const unseen = await cellsOf('unverified');
    const ids = unseen.map(({ traceId }) => String(traceId));
    const scores = unseen.reduce((sum, cell) => sum + cell.scores.length, 0);
    await until(async () => {
      const rows = await harness.platform.spanRows(first.runUid);
      const traces = new Set([...rows.keys()].map((row) => row.split('/')[0]));
      return (
        traces.size === unseen.length && (await harness.platform.scoreIds(ids)).length === scores
      );
    });
    const [lost] = unseen;
    await harness.platform.admin('DELETE', `/api/public/traces/${String(lost?.traceId)}`);
    await harness.client.experiments.verify(key('unverified'));
    const looked = await ended('unverified');
    expect(looked.status).toBe('completed_unverified');
    expect(looked.publication).toMatchObject([{ expectedTraces: 30, verifiedTraces: 29 }]);
    await harness.client.experiments.verify(key('unverified'), { repair: true });
    const mended = await ended('unverified');
    expect(mended.status).toBe('completed');
    await expectExactlyOnce(mended);
    expect(mended.passes).toMatchObject([
      { kind: 'verify', statusAfter: 'completed_unverified' },
      { kind: 'verify', statusBefore: 'completed_unverified', statusAfter: 'completed' },
    ]);
  }, 240_000);

  it('refuses a retry with other code, and lets new evaluators of that code judge', async () => {
    await raise('target');
    const first = await harness.run({ name: 'changed', target: 'answer' });
    expect(first.counts.target_error).toBe(6);
    await lower('target');
    await workers.stop();
    await writeFile(
      join(harness.folder, 'assay.config.ts'),
      config(`wide: { kind: 'function', run: wide },`).replace('* 2', '* 3'),
    );
    workers = await harness.startWorkers();
    expect(await codeOf(harness.client.experiments.retryFailed(key('changed')))).toBe(
      'CODE_MISMATCH',
    );
    const calls = await callsMadeBy(async () => {
      await harness.client.experiments.rejudge(key('changed'), { evaluators: ['wide'] });
      await ended('changed');
    });
    expect(calls).toBe(0);
    const view = await ended('changed');
    expect(view.counts).toMatchObject({ ok: 24, target_error: 6 });
    await expectExactlyOnce(view);
    const cells = await cellsOf('changed');
    expect(cells.filter(({ scores }) => scores.some(({ name }) => name === 'wide'))).toHaveLength(
      24,
    );
  }, 180_000);
});
