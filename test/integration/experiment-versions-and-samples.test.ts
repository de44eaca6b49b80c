import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';

const project = 'versions';
const items = 60;

describe('a submission', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      files: {
        'assay.config.ts': configFile({ project }),
        ...datasetFiles(items),
        ...datasetFiles(3, 'few'),
        ...datasetFiles(4, 'four'),
        ...datasetFiles(5, 'five'),
        ...promptFiles,
      },
    });
    await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  const submit = (name: string, change: object = {}, onConflict: 'fail' | 'new_version' = 'fail') =>
    harness.client.experiments.start(
      { project, name, dataset: { name: 'few' }, target: 'triage', ...change },
      { onConflict },
    );
  const fork = (name: string, dataset: string) =>
    submit(name, { dataset: { name: dataset } }, 'new_version');
  const ended = (name: string) =>
    harness.client.experiments.wait({ project, name }, { timeoutMs: 60_000 });

  it('of another content takes the next version where it is told to, and the same one twice', async () => {
    await expect(submit('nightly', {}, 'new_version')).resolves.toMatchObject({
      name: 'nightly',
      outcome: 'started',
    });
    await expect(submit('nightly', { repetitions: 2 })).rejects.toMatchObject({
      code: 'EXPERIMENT_CONFLICT',
    });
    const second = await submit('nightly', { repetitions: 2 }, 'new_version');
    expect(second).toMatchObject({
      name: 'nightly-v2',
      outcome: 'started',
      forkedFrom: {
        name: 'nightly',
        differences: [{ at: 'repetitions', message: 'recorded 1, submitted 2' }],
      },
    });
    await expect(submit('nightly', { repetitions: 2 }, 'new_version')).resolves.toMatchObject({
      name: 'nightly-v2',
      outcome: 'attached',
    });
    await expect(submit('nightly', { repetitions: 3 }, 'new_version')).resolves.toMatchObject({
      name: 'nightly-v3',
    });
    await expect(submit('nightly', {}, 'new_version')).resolves.toMatchObject({
      name: 'nightly',
      outcome: 'attached',
    });
    expect((await ended('nightly-v2')).counts).toMatchObject({ planned: 6, ok: 6 });
  });

  it('made twice at once is one version, and two of different contents are one each', async () => {
    await submit('race');
    const same = await Promise.all([fork('race', 'four'), fork('race', 'four')]);
    expect(same.map(({ name }) => name)).toEqual(['race-v2', 'race-v2']);
    expect(same.map(({ outcome }) => outcome).sort()).toEqual(['attached', 'started']);
    const other = await Promise.all([
      fork('race', 'five'),
      fork('race', 'items'),
      fork('race', 'five'),
    ]);
    expect(new Set(other.map(({ name }) => name))).toEqual(new Set(['race-v3', 'race-v4']));
    expect(other[0].name).toBe(other[2].name);
  });

  it('of a sample runs so many items, in strata, and says so everywhere', async () => {
    const view = await harness.run({
      name: 'sample',
      target: 'triage',
      quick: { items: 9 },
      seed: 4,
    });
    expect(view.status).toBe('completed');
    expect(view.counts).toMatchObject({ planned: 9, ok: 9 });
    const strata = ['billing', 'bug', 'shipping'].map((key) => ({
      key: JSON.stringify(key),
      of: 20,
      items: 3,
    }));
    expect(view.sample).toEqual({
      items: 9,
      asked: 9,
      drawn: { of: items, by: '/expected/category', seed: 4, strata },
    });
    const words = 'sample of 9 of 60 items, by /expected/category, seed 4';
    const key = { project, name: 'sample' };
    const report = await harness.client.experiments.report(key, 'markdown');
    expect(report.slice(0, 500)).toContain('**Quick mode**');
    const json: unknown = JSON.parse(await harness.client.experiments.report(key, 'json'));
    expect(json).toMatchObject({ run: { dataset: { items: 9, sample: { of: items, strata } } } });
    const shown = await harness.platform.admin(
      'GET',
      '/api/public/experiments?fromStartTime=2000-01-01T00:00:00.000Z&fields=core,metadata&limit=100',
    );
    expect(shown).toMatchObject({
      data: expect.arrayContaining([
        expect.objectContaining({
          name: 'sample',
          metadata: expect.objectContaining({ 'assay.sample': words }),
        }),
      ]),
    });
    // The same once more is the same run; another seed is another sample.
    const again = { dataset: { name: 'items' }, quick: { items: 9 }, seed: 4 };
    await expect(submit('sample', again)).resolves.toMatchObject({ outcome: 'attached' });
    await expect(submit('sample', { ...again, seed: 5 })).rejects.toMatchObject({
      code: 'EXPERIMENT_CONFLICT',
    });
  });

  it('of a sample no smaller than the dataset runs all of it, says so, and is the same run', async () => {
    const view = await harness.run({
      name: 'all',
      target: 'triage',
      dataset: { name: 'few' },
      quick: { items: 100 },
    });
    expect(view.counts).toMatchObject({ planned: 3, ok: 3 });
    expect(view.sample).toEqual({ items: 3, asked: 100, drawn: undefined });
    await expect(submit('all')).resolves.toMatchObject({ outcome: 'attached' });
    await expect(
      harness.client.experiments.report({ project, name: 'all' }, 'markdown'),
    ).resolves.toContain('a sample of 100 items was asked for; all 3 of the dataset are run');
  });

  it('of a sample that cannot be drawn is refused before a run exists', async () => {
    const of = (quick: object) => submit('refused', { quick });
    await expect(of({ items: 2, by: '/metadata/none' })).rejects.toMatchObject({
      code: 'SAMPLE_FIELD_INVALID',
    });
    for (const quick of [
      { items: 0 },
      { items: -1 },
      { items: 1.5 },
      { items: 2, by: 'expected' },
    ]) {
      await expect(of(quick)).rejects.toMatchObject({ code: 'SPEC_INVALID' });
    }
    await expect(
      harness.client.experiments.get({ project, name: 'refused' }),
    ).rejects.toMatchObject({ code: 'EXPERIMENT_NOT_FOUND' });
  });
});
