import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ExperimentView } from '../../src/client/experiment-view.js';
import type { StoredCell } from '../../src/store/cell-results.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';

const project = 'bad-input';
/** Targets that end the worker they run in. */
const lethal = ['exits', 'blocks'];
const projectOf = (target: string): string =>
  lethal.includes(target) ? `${project}-${target}` : project;

const prelude = String.raw`
const bad = (input) => String(input.text).includes('(case 2)');
const good = { category: 'bug' };
`;

const targets = String.raw`
  throws: { kind: 'function', evaluators: ['category'], run: (input) => {
    if (bad(input)) throw new Error('no such ticket \u001b[31m</script>');
    return good; } },
  hangs: { kind: 'function', evaluators: ['category'], run: (input) =>
    bad(input) ? new Promise(() => {}) : good },
  blocks: { kind: 'function', evaluators: ['category'], run: (input) => {
    if (bad(input)) for (;;) ;
    return good; } },
  exits: { kind: 'function', evaluators: ['category'], run: (input) => {
    if (bad(input)) process.exit(1);
    return good; } },
  nothing: { kind: 'function', evaluators: ['category'], run: (input) => bad(input) ? undefined : good },
  nan: { kind: 'function', evaluators: ['category'], run: (input) => bad(input) ? { score: NaN } : good },
  hostile: { kind: 'function', evaluators: ['category', 'words'], run: (input) => bad(input)
    ? 'NUL \u0000 half \ud83d </script> \u001b[31m ' + '\u0060\u0060\u0060 =cmd() ' + 'x'.repeat(500000)
    : 'fine' },
  judged: { kind: 'function', evaluators: ['endless', 'throwing', 'unnamed', 'optional'], run: () => 'a'.repeat(40) + 'b' },
  closed: { kind: 'http', url: 'http://127.0.0.1:9/', evaluators: ['words'] },
  metadata: { kind: 'http', url: 'http://169.254.169.254/latest', evaluators: ['words'] },
  wrongkey: { kind: 'prompt', folder: 'targets/triage', model: 'wrongkey', evaluators: ['category'] },
  nowhere: { kind: 'prompt', folder: 'targets/triage', model: 'nowhere', evaluators: ['category'] },
  variable: { kind: 'prompt', folder: 'targets/variable', model: 'small', evaluators: ['category'] },
`;

const evaluators = String.raw`
  words: { kind: 'contains', text: 'fine' },
  endless: { kind: 'regex', pattern: '^(a+)+$' },
  throwing: { kind: 'function', run: () => { throw new Error('no opinion'); } },
  unnamed: { kind: 'function', run: () => ({ name: 'other', value: 1 }) },
  optional: { kind: 'function', required: false, run: () => NaN },
`;

describe('bad input', () => {
  let harness: Harness;
  const besides: string[] = [];

  beforeAll(async () => {
    const config = configFile({ project, prelude, targets, evaluators }).replace(
      'models: {',
      `models: { wrongkey: { model: 'demo-small', apiKey: 'env:WRONG_KEY' },
        nowhere: { model: 'demo-small', baseUrl: 'http://127.0.0.1:9/v1' },`,
    );
    process.env['WRONG_KEY'] = 'sk-wrong-key-value';
    harness = await startHarness({
      project,
      files: {
        'assay.config.ts': config,
        ...datasetFiles(6),
        ...promptFiles,
        'targets/variable/prompt.txt': 'About {{nothing}} and {{text}}',
        'datasets/empty/test_cases.json': '[]',
        'datasets/broken/test_cases.json':
          '[\n  {"id": "a", "inputs": {}},\n  {"id": "b" "inputs": {}}\n]',
        'datasets/wrong/test_cases.json': JSON.stringify([
          { inputs: {} },
          { id: 'x', inputs: {} },
          { id: 'x', inputs: {} },
          { id: 'y', inputs: 'text' },
        ]),
      },
    });
    await harness.startWorkers({ blockedAfterMs: 2_000 });
    // Three workers are lost one after the other, which takes most of a minute: in projects of their own, beside the other tests.
    await Promise.all(
      lethal.map(async (target) => {
        const folder = await mkdtemp(join(tmpdir(), 'assay-lethal-'));
        besides.push(folder);
        await cp(harness.folder, folder, { recursive: true });
        const other = config.replace(`project: '${project}'`, `project: '${projectOf(target)}'`);
        await writeFile(join(folder, 'assay.config.ts'), other);
        await harness.startWorkers({ blockedAfterMs: 2_000, folder });
        await harness.client.experiments.start({
          ...specOf(target),
          project: projectOf(target),
          dataset: { name: 'items' },
        });
      }),
    );
  }, 120_000);
  afterAll(async () => {
    await harness.stop();
    for (const folder of besides) await rm(folder, { recursive: true, force: true });
  });

  const specOf = (target: string) => ({
    name: `of-${target}`,
    target,
    retry: { maxAttempts: 2, initialDelayMs: 10 },
  });
  const run = (target: string, change: object = {}): Promise<ExperimentView> =>
    harness.run({ ...specOf(target), ...change });
  /** Of a run that was started before all tests. */
  const ended = (target: string): Promise<ExperimentView> =>
    harness.client.experiments.wait(
      { project: projectOf(target), name: `of-${target}` },
      { timeoutMs: 120_000 },
    );
  const cells = async (target: string): Promise<StoredCell[]> => {
    const found: StoredCell[] = [];
    for await (const cell of harness.client.experiments.results({
      project: projectOf(target),
      name: `of-${target}`,
    })) {
      found.push(cell);
    }
    return found;
  };
  const cellOf = async (target: string, itemId = 'T-2'): Promise<StoredCell> => {
    const cell = (await cells(target)).find((each) => each.itemId === itemId);
    if (cell === undefined) throw new Error('no such cell');
    return cell;
  };

  /** Why cells of a run are not ok: a count alone would not say it. */
  const failuresOf = async (target: string): Promise<unknown[]> =>
    (await cells(target))
      .filter(({ status }) => status !== 'ok')
      .map(({ itemId, error, evaluatorFailures }) => ({ itemId, error, evaluatorFailures }));

  describe('is refused before a run exists', () => {
    const refused = async (change: object, expected: object): Promise<void> => {
      const started = harness.client.experiments.start({
        project,
        name: 'refused',
        dataset: { name: 'items' },
        target: 'triage',
        ...change,
      });
      await expect(started).rejects.toMatchObject(expected);
      await expect(
        harness.client.experiments.get({ project, name: 'refused' }),
      ).rejects.toMatchObject({
        code: 'EXPERIMENT_NOT_FOUND',
      });
    };

    it('an unknown dataset', () =>
      refused({ dataset: { name: 'nowhere' } }, { code: 'DATASET_NOT_FOUND' }));
    it('an empty dataset', () =>
      refused({ dataset: { name: 'empty' } }, { code: 'DATASET_EMPTY' }));
    it('invalid JSON, with line and column', () =>
      refused(
        { dataset: { name: 'broken' } },
        { code: 'JSON_INVALID', message: expect.stringContaining('test_cases.json:3:14') },
      ));
    it('items without id, with one id twice, with wrong inputs: all at once', () =>
      refused(
        { dataset: { name: 'wrong' } },
        {
          code: 'DATASET_INVALID',
          problems: [
            expect.objectContaining({ message: 'has no id' }),
            expect.objectContaining({ message: 'repeats the id "x" of item [1]' }),
            expect.objectContaining({ at: expect.stringContaining('[3] ("y").inputs') }),
          ],
        },
      ));
    it('a prompt variable that no item has', () =>
      refused(
        { target: 'variable' },
        {
          code: 'PROMPT_VARIABLE_MISSING',
          problems: [expect.objectContaining({ message: 'no item has the input "nothing"' })],
        },
      ));
    it('an unknown target', () =>
      refused({ target: 'nowhere-at-all' }, { code: 'TARGET_NOT_FOUND' }));
    it('an unknown evaluator', () =>
      refused({ evaluators: ['category', 'vibes'] }, { code: 'EVALUATOR_NOT_FOUND' }));
    it.each(['../../etc', 'a/b', '<b>x</b>', 'line\nbreak', ' padded', '\u001b[31m', '..', ''])(
      'the name %j',
      async (name) => {
        const started = harness.client.experiments.start({
          project,
          name,
          dataset: { name: 'items' },
          target: 'triage',
        });
        await expect(started).rejects.toMatchObject({ code: 'NAME_INVALID' });
      },
    );
  });

  const expectOneError = (view: ExperimentView): void => {
    expect(view.status).toBe('completed');
    expect(view.counts).toEqual({
      planned: 6,
      pending: 0,
      ok: 5,
      target_error: 1,
      evaluator_error: 0,
      skipped: 0,
    });
  };

  describe('becomes a recorded cell, and its neighbours are untouched', () => {
    it('where a target throws', async () => {
      expectOneError(await run('throws'));
      expect((await cellOf('throws')).error).toMatchObject({ code: 'TARGET_FAILED' });
      const report = await harness.client.experiments.report(
        { project, name: 'of-throws' },
        'markdown',
      );
      expect(report).not.toContain('\u001b');
      expect(report).toContain('TARGET_FAILED');
    }, 120_000);

    it('where a target never returns', async () => {
      // Only here: a model that answers on a busy machine may well take longer than this.
      expectOneError(await run('hangs', { timeouts: { targetMs: 1_500 } }));
      expect((await cellOf('hangs')).error).toMatchObject({ code: 'TARGET_TIMEOUT' });
    }, 120_000);

    it('where a target returns nothing', async () => {
      expectOneError(await run('nothing'));
      expect((await cellOf('nothing')).error).toMatchObject({ code: 'TARGET_OUTPUT_INVALID' });
    }, 120_000);

    it('where a target returns what JSON cannot hold', async () => {
      expectOneError(await run('nan'));
      expect((await cellOf('nan')).error).toMatchObject({ code: 'TARGET_OUTPUT_INVALID' });
    }, 120_000);

    it('where output is hostile: kept as it is, made safe for each reader', async () => {
      const view = await run('hostile');
      expect(view.counts).toMatchObject({ planned: 6, ok: 6 });
      expect(view.publication).toMatchObject([{ expectedTraces: 6, verifiedTraces: 6 }]);
      const cell = await cellOf('hostile');
      expect(cell.output).toContain('NUL \u0000 half \ud83d </script>');
      expect(cell.sanitised).toBe(true);
      const report = await harness.client.experiments.report(
        { project, name: 'of-hostile' },
        'markdown',
      );
      for (const raw of ['\u0000', '\u001b']) expect(report).not.toContain(raw);
      // Inside a fence that is longer than any in the text nothing is markup, and elsewhere `<` is escaped.
      expect(report.replace(/(`{4,})\n[\s\S]*?\n\1/g, '')).not.toMatch(/(?<!\\)<\/script>/);
      expect(report.isWellFormed()).toBe(true);
    }, 120_000);
  });

  it('records what evaluators do wrong, each by its code, and keeps what the others say', async () => {
    const view = await run('judged');
    expect(view.counts).toMatchObject({ planned: 6, evaluator_error: 6 });
    const { evaluatorFailures } = await cellOf('judged');
    const codes = Object.fromEntries(
      evaluatorFailures.map(({ evaluator, error }) => [evaluator, error.code]),
    );
    expect(codes).toEqual({
      endless: 'REGEX_TIMEOUT',
      throwing: 'EVALUATOR_FAILED',
      unnamed: 'EVALUATOR_RESULT_INVALID',
      optional: 'EVALUATOR_RESULT_INVALID',
    });
  }, 120_000);

  it('records a forbidden address, and never calls a metadata service', async () => {
    await run('closed');
    expect((await cellOf('closed')).error).toMatchObject({ code: 'ADDRESS_FORBIDDEN' });
    await run('metadata');
    expect((await cellOf('metadata')).error).toMatchObject({ code: 'ADDRESS_FORBIDDEN' });
  }, 120_000);

  it('records a refused key and an unreachable model, and shows the key nowhere', async () => {
    const view = await run('wrongkey');
    expect(view.counts).toMatchObject({ planned: 6, target_error: 6 });
    expect((await cellOf('wrongkey')).error).toMatchObject({ code: 'MODEL_UNAUTHORIZED' });
    await run('nowhere');
    expect((await cellOf('nowhere')).error).toMatchObject({ code: 'MODEL_UNREACHABLE' });
    const report = await harness.client.experiments.report(
      { project, name: 'of-wrongkey' },
      'json',
    );
    expect(report + harness.log.join('\n')).not.toContain('sk-wrong-key-value');
  }, 120_000);

  it('records model output that is no completion, and one that is hostile', async () => {
    await harness.model.admin('POST', '/admin/faults', { kind: 'garbage', next: 1 });
    const garbage = await run('triage', { name: 'of-garbage', concurrency: 1 });
    expect(garbage.counts).toMatchObject({ planned: 6, ok: 5, target_error: 1 });
    await harness.model.admin('POST', '/admin/faults', { kind: 'content', next: 6 });
    const hostile = await run('triage', { name: 'of-content' });
    await harness.model.admin('DELETE', '/admin/faults');
    expect(await failuresOf('content')).toEqual([]);
    expect(hostile.counts).toMatchObject({ planned: 6, ok: 6 });
    expect(hostile.publication).toMatchObject([{ expectedTraces: 6, verifiedTraces: 6 }]);
  }, 120_000);

  it('lets a run with a rate-limited model end, and loses no cell', async () => {
    await harness.model.admin('POST', '/admin/faults', {
      kind: 'status',
      status: 429,
      retryAfter: 1,
      next: 3,
    });
    const view = await run('triage', { name: 'of-limited' });
    expect(await failuresOf('limited')).toEqual([]);
    expect(view.counts).toMatchObject({ planned: 6, ok: 6 });
  }, 120_000);

  // Last, when most of their time is over.
  describe('becomes a recorded cell as well', () => {
    it('where a target ends the process', async () => {
      expectOneError(await ended('exits'));
      expect((await cellOf('exits')).error).toMatchObject({ code: 'WORKER_LOST' });
    }, 180_000);

    it('where a target blocks the event loop for ever', async () => {
      expectOneError(await ended('blocks'));
      expect((await cellOf('blocks')).error).toMatchObject({ code: 'WORKER_LOST' });
    }, 240_000);
  });
});
