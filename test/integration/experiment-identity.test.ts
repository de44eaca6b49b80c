import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { until } from '../support/until.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';

const project = 'identity';

describe('the identity of an experiment', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 400,
      files: {
        'assay.config.ts': configFile({ project }),
        ...datasetFiles(30),
        ...datasetFiles(6, 'few'),
        ...promptFiles,
      },
    });
    await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  const submit = (name: string, change: object = {}) =>
    harness.client.experiments.start({
      project,
      name,
      dataset: { name: 'items' },
      target: 'triage',
      concurrency: 4,
      ...change,
    });
  const ended = (name: string) =>
    harness.client.experiments.wait({ project, name }, { timeoutMs: 60_000 });

  it('is one run for the same submission twice, while it runs and after it', async () => {
    const replies = await Promise.all([submit('twice'), submit('twice'), submit('twice')]);
    expect(replies.map((reply) => reply.outcome).sort()).toEqual([
      'attached',
      'attached',
      'started',
    ]);
    const view = await ended('twice');
    expect(view.counts).toMatchObject({ planned: 30, ok: 30 });
    // Concurrency decides no result, so it is no other content.
    await expect(submit('twice', { concurrency: 9 })).resolves.toMatchObject({
      outcome: 'attached',
    });
    const again = await ended('twice');
    expect(again.runUid).toBe(view.runUid);
    // Each of the 30 traces has three spans: the cell, the target and its model call.
    expect((await harness.platform.spanRows(view.runUid)).size).toBe(90);
  });

  it('answers another content under the same name with a conflict that lists the difference', async () => {
    await submit('conflict');
    const conflict = {
      code: 'EXPERIMENT_CONFLICT',
      problems: expect.arrayContaining([
        expect.objectContaining({ at: 'repetitions', message: 'recorded 1, submitted 2' }),
        expect.objectContaining({ at: 'dataset.name' }),
      ]),
    };
    const other = { repetitions: 2, dataset: { name: 'few' } };
    await expect(submit('conflict', other)).rejects.toMatchObject(conflict);
    await ended('conflict');
    await expect(submit('conflict', other)).rejects.toMatchObject(conflict);
  });

  it('sees content that changed behind the same names: an item and a prompt', async () => {
    await submit('edited', { dataset: { name: 'few' } });
    await ended('edited');
    const prompt = join(harness.folder, 'targets/triage/prompt.txt');
    const cases = join(harness.folder, 'datasets/few/test_cases.json');
    const [promptBefore, casesBefore] = await Promise.all([
      readFile(prompt, 'utf8'),
      readFile(cases, 'utf8'),
    ]);
    await writeFile(prompt, promptBefore.replace('Classify', 'Sort'));
    await writeFile(cases, casesBefore.replace('(case 1)', '(case one)'));
    await expect(submit('edited', { dataset: { name: 'few' } })).rejects.toMatchObject({
      code: 'EXPERIMENT_CONFLICT',
      problems: expect.arrayContaining([
        expect.objectContaining({ at: 'dataset.itemsHash' }),
        expect.objectContaining({ at: 'target.promptHash' }),
      ]),
    });
    await writeFile(prompt, promptBefore);
    await writeFile(cases, casesBefore);
    await expect(submit('edited', { dataset: { name: 'few' } })).resolves.toMatchObject({
      outcome: 'attached',
    });
  });

  it('keeps the prompt of the plan where its file is edited while the run goes on', async () => {
    const prompt = join(harness.folder, 'targets/triage/prompt.txt');
    const before = await readFile(prompt, 'utf8');
    await submit('pinned');
    await until(async () => {
      const { status } = await harness.client.experiments.get({ project, name: 'pinned' });
      return status === 'running';
    });
    await writeFile(prompt, 'Say nothing about {{text}}');
    // A worker that starts now reads the edited file, and must use what was planned.
    await harness.startWorkers();
    const view = await ended('pinned');
    await writeFile(prompt, before);
    expect(view.counts).toMatchObject({ planned: 30, ok: 30 });
    for await (const cell of harness.client.experiments.results({ project, name: 'pinned' })) {
      expect(JSON.stringify(cell.calls[0]?.input)).toContain('Classify the ticket.');
    }
  });

  it('shows one run per repetition on the platform, each with one trace per item', async () => {
    await submit('repeated', { repetitions: 3, dataset: { name: 'few' } });
    const view = await ended('repeated');
    expect(view.counts).toMatchObject({ planned: 18, ok: 18 });
    const rows = await harness.platform.spanRows(view.runUid);
    expect(new Set([...rows.keys()].map((key) => key.split('/')[0])).size).toBe(18);
    expect([...rows.values()].every((count) => count === 1)).toBe(true);
  });

  it('ends a cancelled run with every planned cell in exactly one state', async () => {
    await submit('cancelled', { concurrency: 2 });
    await harness.client.experiments.cancel({ project, name: 'cancelled' });
    const view = await ended('cancelled');
    expect(view.status).toBe('cancelled');
    const { planned, ok, skipped, pending } = view.counts;
    expect({ planned, pending }).toEqual({ planned: 30, pending: 0 });
    expect(ok + skipped).toBe(30);
    expect(skipped).toBeGreaterThan(0);
    await expect(
      harness.client.experiments.cancel({ project, name: 'cancelled' }),
    ).rejects.toMatchObject({
      code: 'EXPERIMENT_FINISHED',
    });
    await expect(
      harness.client.experiments.report({ project, name: 'cancelled' }, 'markdown'),
    ).resolves.toContain('cancelled');
  });
});
