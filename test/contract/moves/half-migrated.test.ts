import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { PlatformMigrationInput } from '../../../src/contracts/platform-migration.js';
import { TestServer, type Loose } from '../langfuse-support.js';
import { figuresOf, startMoves, type Moves } from './driver.js';
import { fillWorkspace } from './workspace.js';

const examples = 130;
const live = 120;

let moves: Moves;
let elsewhere: TestServer;
beforeAll(async () => {
  [moves, elsewhere] = await Promise.all([
    startMoves(),
    TestServer.start({ projectId: 'project-other', projectName: 'other' }),
  ]);
  await fillWorkspace(moves.langsmith, { examples, live });
});
afterAll(async () => {
  await moves.stop();
  await elsewhere.stop();
});

const all: Pick<PlatformMigrationInput, 'name'> = { name: 'all' };

/** How many rows of each list the server holds; rows that stand twice count twice. */
async function held(server: TestServer): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const [path, limit] of [
    ['v2/observations', 1_000],
    ['v2/datasets', 100],
    ['v2/prompts', 100],
    ['v3/scores', 100],
  ] as const) {
    const { body } = await server.call(`/api/public/${path}?limit=${limit}`);
    counts[path] = (body['data'] as readonly Loose[]).length;
  }
  const { body } = await server.call('/api/public/dataset-items?datasetName=capitals&limit=1');
  counts['items'] = Number((body['meta'] as Loose | undefined)?.['totalItems'] ?? 0);
  return counts;
}

const whole = {
  'v2/observations': examples + 2 * live,
  'v2/datasets': 1,
  'v2/prompts': 1,
  'v3/scores': 3,
  items: examples,
};

describe('a move that was ended half-way', () => {
  it('is finished by whoever goes on, however often it is ended, and nothing stands twice', async () => {
    let attempts = 0;
    const ended = async () => {
      attempts += 1;
      const worker = moves.worker();
      // Each worker lives a page or two longer than the one before.
      let pages = 0;
      const before = (): Promise<void> => {
        pages += 1;
        return pages > 2 + attempts ? Promise.reject(new Error('killed')) : Promise.resolve();
      };
      try {
        return await moves.run(all, { worker, before, sliceMs: 0 });
      } catch (error) {
        if ((error as Error).message !== 'killed') throw error;
        return undefined;
      }
    };
    let report = await ended();
    while (report === undefined) report = await ended();
    expect(attempts).toBeGreaterThan(3);
    expect(report).toMatchObject({ status: 'verified' });
    expect(figuresOf(report, 'trace')).toMatchObject({ verified: examples + live });
    expect(figuresOf(report, 'prompt')).toMatchObject({ written: 1, stood: 0, verified: 1 });
    expect(await held(moves.langfuse)).toEqual(whole);
  });

  it.each([
    ['the target are of another project', () => ({ langfuseUrl: elsewhere.url })],
    ['the source are of another workspace', () => ({ langsmithKey: 'lsv2_pt_other' })],
  ])('is refused where the keys of %s', async (_, change) => {
    const report = await moves.run(all, { worker: moves.worker(change()) });
    expect(report).toMatchObject({ status: 'failed', error: { code: 'PLATFORM_PROJECT_CHANGED' } });
    expect(Object.values(await held(elsewhere))).toEqual([0, 0, 0, 0, 0]);
    expect(await held(moves.langfuse)).toEqual(whole);
  });

  it('goes on when its own keys are back', async () => {
    expect(await moves.run(all)).toMatchObject({ status: 'verified' });
    expect(await held(moves.langfuse)).toEqual(whole);
  });

  it('lends its map of ids to no other place: all is written there', async () => {
    const there = moves.worker({ langfuseUrl: elsewhere.url });
    const report = await moves.run({ name: 'elsewhere' }, { worker: there });
    expect(report).toMatchObject({ status: 'verified', target: { projectId: 'project-other' } });
    expect(figuresOf(report, 'trace')).toMatchObject({ written: examples + live, stood: 0 });
    expect(figuresOf(report, 'item')).toMatchObject({ written: examples, stood: 0 });
    expect(await held(elsewhere)).toEqual(whole);
  });

  it('tells what somebody deleted on the target meanwhile, instead of what its rows say', async () => {
    const { body } = await moves.langfuse.call(
      '/api/public/dataset-items?datasetName=capitals&limit=1',
    );
    const [item] = body['data'] as readonly Loose[];
    await moves.langfuse.call(`/api/public/dataset-items/${String(item?.['id'])}`, {
      method: 'DELETE',
    });
    const report = await moves.run(all);
    expect(report).toMatchObject({ status: 'differs' });
    expect(figuresOf(report, 'item')).toMatchObject({
      verified: examples - 1,
      differing: [{ reason: 'the target does not show it', count: 1 }],
    });
  });
});
