import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { clientOf } from '../langsmith-server-support.js';
import { figuresOf, startMoves, type Moves } from './driver.js';
import { fillWorkspace, start, template } from './workspace.js';

const examples = 5;
const live = 6;

let moves: Moves;
beforeAll(async () => {
  moves = await startMoves();
  await fillWorkspace(moves.langsmith, { examples, live });
  const client = clientOf(moves.langsmith);
  for (const name of ['support-intro', 'support-outro']) {
    await client.createPrompt(name);
    await client.createCommit(name, template(`${name}: {name}`));
  }
  await client.createDataset('rivers');
  const { id } = await client.readProject({ projectName: 'baseline' });
  // What a summary evaluator says of all of an experiment.
  await client.createFeedback({ runId: null, projectId: id, key: 'accuracy', score: 0.5 } as never);
});
afterAll(() => moves.stop());

/** Rows of all that a v4 server holds. */
async function held(): Promise<number> {
  let sum = 0;
  for (const path of ['v2/observations', 'v2/datasets', 'v2/prompts', 'v3/scores']) {
    const { body } = await moves.langfuse.call(`/api/public/${path}?limit=100`);
    sum += (body['data'] as readonly unknown[]).length;
  }
  return sum;
}

describe('a dry run', () => {
  it('counts traces and feedback, tells what would be left and why, and writes nothing', async () => {
    const report = await moves.run({ name: 'look', dryRun: true });
    expect(report.error).toBeUndefined();
    expect(report.status).toBe('planned');
    expect(figuresOf(report, 'trace')).toMatchObject({ found: examples + live });
    expect(figuresOf(report, 'score')).toMatchObject({
      found: 5,
      left: [
        { reason: 'it holds a comment or correction and no value', names: ['note'] },
        {
          reason: 'it is of a whole project or experiment, and of no run',
          names: ['accuracy'],
        },
      ],
    });
    expect(figuresOf(report, 'prompt_version')).toMatchObject({ found: 5, left: [{ count: 1 }] });
    expect(await held()).toBe(0);
  });

  it('counts only what a later beginning leaves', async () => {
    const report = await moves.run({
      name: 'look-later',
      dryRun: true,
      only: ['traces'],
      since: new Date(start + 20).toISOString(),
    });
    expect(figuresOf(report, 'trace')).toMatchObject({ found: live - 2 });
    // That of the first two traces is not of these.
    expect(figuresOf(report, 'score')).toBeUndefined();
  });

  it('tells which experiments a name on the target keeps out', async () => {
    await moves.run({ name: 'sets', only: ['datasets'] });
    const list = await moves.langfuse.call('/api/public/v2/datasets/capitals');
    const items = await moves.langfuse.call('/api/public/dataset-items?datasetName=capitals');
    const [item] = items.body['data'] as readonly { readonly id: string }[];
    await sendOthers(String(list.body['id']), item?.id ?? '');
    const report = await moves.run({ name: 'look-taken', dryRun: true, only: ['experiments'] });
    expect(figuresOf(report, 'experiment')).toMatchObject({
      found: 1,
      left: [{ reason: expect.stringContaining('EXPERIMENT_EXISTS_ELSEWHERE') as unknown }],
    });
    // Nor would its traces be moved.
    expect(figuresOf(report, 'trace')).toBeUndefined();
  });

  it('is kept by the move itself, which tells the experiment and goes on', async () => {
    const report = await moves.run({ name: 'taken', only: ['experiments', 'traces'] });
    expect(report.status).toBe('verified');
    expect(figuresOf(report, 'experiment')).toMatchObject({
      found: 1,
      written: 0,
      left: [{ reason: expect.stringContaining('EXPERIMENT_EXISTS_ELSEWHERE') as unknown }],
    });
    expect(figuresOf(report, 'trace')).toMatchObject({ found: live, verified: live });
  });
});

/** A trace of an experiment called `baseline` that somebody else ran there. */
async function sendOthers(datasetId: string, itemId: string): Promise<void> {
  const attribute = (key: string, text: string) => ({ key, value: { stringValue: text } });
  const span = {
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
    name: 'theirs',
    kind: 1,
    startTimeUnixNano: `${start}000000`,
    endTimeUnixNano: `${start + 5}000000`,
    attributes: [
      attribute('langfuse.experiment.id', await experimentId(datasetId)),
      attribute('langfuse.experiment.name', 'baseline'),
      attribute('langfuse.experiment.dataset.id', datasetId),
      attribute('langfuse.experiment.item.id', itemId),
      attribute('langfuse.experiment.item.root_observation_id', 'cd'.repeat(8)),
    ],
  };
  const answer = await moves.langfuse.call('/api/public/otel/v1/traces', {
    method: 'POST',
    headers: { 'x-langfuse-ingestion-version': '4' },
    body: {
      resourceSpans: [
        { resource: {}, scopeSpans: [{ scope: { name: 'langfuse-sdk' }, spans: [span] }] },
      ],
    },
  });
  expect(answer.status).toBe(200);
}

async function experimentId(datasetId: string): Promise<string> {
  const { langfuseExperimentId } = await import('../../../src/core/ids/platform-ids.js');
  return langfuseExperimentId('project-contract', datasetId, 'baseline');
}

describe('a choice by name', () => {
  it('moves those prompts, by name and by pattern, and no others', async () => {
    const report = await moves.run({
      name: 'prompts',
      only: ['prompts'],
      prompts: ['support-*', 'gree?er'],
    });
    expect(figuresOf(report, 'prompt')).toMatchObject({ found: 3, verified: 3 });
    const one = await moves.run({ name: 'prompt', only: ['prompts'], prompts: ['support-intro'] });
    expect(figuresOf(one, 'prompt')).toMatchObject({ found: 1 });
  });

  it('moves those experiments, and leaves projects to their own choice', async () => {
    const look = { dryRun: true, only: ['experiments', 'traces'] as ('experiments' | 'traces')[] };
    const none = await moves.run({ ...look, name: 'by-experiment', experiments: ['base*'] });
    expect(figuresOf(none, 'experiment')).toMatchObject({ found: 1 });
    expect(figuresOf(none, 'project')).toMatchObject({ found: 1 });
    const project = await moves.run({ ...look, name: 'by-project', projects: ['live'] });
    expect(figuresOf(project, 'experiment')).toBeUndefined();
    const both = { experiments: ['baseline'], projects: ['live'] };
    const each = await moves.run({ ...look, ...both, name: 'by-both' });
    expect(figuresOf(each, 'experiment')).toMatchObject({ found: 1 });
    expect(figuresOf(each, 'project')).toMatchObject({ found: 1 });
  });

  it('of what is not there is refused, all names at once, before anything is written', async () => {
    const before = await held();
    const asked = {
      name: 'typos',
      datasets: ['capitols', 'rivers'],
      prompts: ['greter', 'nothing-*'],
      experiments: ['basline'],
      projects: ['live', 'dead'],
    };
    const report = await moves.run(asked);
    expect(report).toMatchObject({
      status: 'failed',
      error: {
        code: 'MIGRATION_SOURCE_MISSING',
        problems: [
          { at: '--dataset', message: 'there is no "capitols"' },
          { at: '--prompt', message: 'there is no "greter"' },
          { at: '--prompt', message: 'there is no "nothing-*"' },
          { at: '--from-project', message: 'there is no "dead"' },
          { at: '--experiment', message: 'there is no "basline"' },
        ],
      },
    });
    expect(await held()).toBe(before);
  });

  it('is looked for anew when the same is asked for again', async () => {
    const asked = { name: 'later', only: ['prompts'] as 'prompts'[], prompts: ['newcomer'] };
    expect(await moves.run(asked)).toMatchObject({ status: 'failed' });
    const client = clientOf(moves.langsmith);
    await client.createPrompt('newcomer');
    await client.createCommit('newcomer', template('Hi {name}'));
    expect(await moves.run(asked)).toMatchObject({ status: 'verified' });
  });

  it('among what is not moved is refused', async () => {
    await expect(
      moves.run({ name: 'odd', only: ['datasets'], prompts: ['greeter'] }),
    ).rejects.toThrow(/chooses among prompts/);
  });
});
