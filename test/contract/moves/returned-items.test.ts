import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { MoveReport } from '../../../src/contracts/platform-migration.js';
import { clientOf } from '../langsmith-server-support.js';
import { figuresOf, startMoves, type Moves } from './driver.js';

const dataset = 'rivers';

let moves: Moves;
beforeEach(async () => {
  moves = await startMoves();
  await write('/api/public/v2/datasets', { name: dataset });
  for (const id of ['rhine', 'elbe', 'oder']) await put(id, `Where is the ${id}?`);
});
afterEach(() => moves.stop());

async function write(path: string, body: object): Promise<void> {
  const { status } = await moves.langfuse.call(path, { method: 'POST', body });
  expect(status).toBe(200);
}

/** An item as the pushes of a project write it, with its own id beside the one of the platform. */
const put = (id: string, question: string): Promise<void> =>
  write('/api/public/dataset-items', {
    datasetName: dataset,
    id: `river-${id}`,
    input: { question },
    expectedOutput: 'Here.',
    metadata: {},
  });

const move = (name: string, onConflict: 'skip' | 'overwrite' = 'skip'): Promise<MoveReport> =>
  moves.run({ name, direction: 'langfuse-to-langsmith', only: ['datasets'], onConflict });

const shown = () => moves.langsmith.inspect.examples(dataset);
const questions = (): readonly unknown[] =>
  shown()
    .map(({ inputs }) => (inputs as { readonly question: unknown }).question)
    .sort();

/** Takes an item out of the newest version of the dataset; its id is not free then. */
async function archive(question: string): Promise<string> {
  const id = shown().find(({ inputs }) => inputs['question'] === question)?.id ?? '';
  await clientOf(moves.langsmith).deleteExample(id);
  return id;
}

/** The moves `first` and `second`, with an item taken out between them. */
async function takeOutAndBack(): Promise<void> {
  await move('first');
  await archive('Where is the elbe?');
  expect((await move('second')).status).toBe('verified');
}

describe('an item that was taken out on LangSmith', () => {
  it('comes back with the next move, which finds it again and tells no difference', async () => {
    expect(await move('first')).toMatchObject({ status: 'verified' });
    for (const name of ['second', 'third']) {
      const before = await archive('Where is the elbe?');
      expect(shown()).toHaveLength(2);
      const report = await move(name);
      expect(figuresOf(report, 'item')).toMatchObject({
        ...{ found: 3, written: 1, stood: 2, verified: 3, left: [], differing: [] },
      });
      expect(report.status).toBe('verified');
      expect(shown()).toHaveLength(3);
      expect(shown().map(({ id }) => id)).not.toContain(before);
    }
  });

  it('stands there unchanged for a further move, and for one that is made again', async () => {
    await takeOutAndBack();
    for (const name of ['third', 'second']) {
      const report = await move(name);
      expect(report.status).toBe('verified');
      expect(figuresOf(report, 'item')).toMatchObject({ verified: 3, differing: [] });
    }
    expect(shown()).toHaveLength(3);
  });

  it('is left where it has another content by now, and replaced where it may be', async () => {
    await takeOutAndBack();
    await put('elbe', 'Whither flows the elbe?');
    expect(figuresOf(await move('kept'), 'item')).toMatchObject({
      written: 0,
      left: [{ reason: 'stands there with other inputs', count: 1 }],
    });
    const report = await move('forced', 'overwrite');
    expect(figuresOf(report, 'item')).toMatchObject({
      ...{ written: 1, stood: 2, verified: 3, left: [], differing: [] },
    });
    expect(report.status).toBe('verified');
    expect(questions()).toEqual([
      'Where is the oder?',
      'Where is the rhine?',
      'Whither flows the elbe?',
    ]);
  });
});
