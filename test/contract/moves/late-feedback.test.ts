import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { MoveReport } from '../../../src/contracts/platform-migration.js';
import { putCursor, readCursor, type CursorKey } from '../../../src/store/moves/cursors.js';
import { clientOf } from '../langsmith-server-support.js';
import type { Loose } from '../langfuse-support.js';
import { figuresOf, startMoves, type Moves } from './driver.js';
import { fillWorkspace } from './workspace.js';

/** More than two pages of feedback. */
const late = 230;
const asked = { name: 'live', only: [...(['traces'] as const)] };

let moves: Moves;
beforeEach(async () => {
  moves = await startMoves();
  await fillWorkspace(moves.langsmith, { examples: 1, live: 3 });
});
afterEach(() => moves.stop());

const client = () => clientOf(moves.langsmith);
const liveId = (): string =>
  moves.langsmith.inspect.sessions.find(({ name }) => name === 'live')?.id ?? '';
const feedback = () =>
  moves.langsmith.inspect.feedback.filter(({ sessionId }) => sessionId === liveId());

/** Feedback on the traces of live traffic; the newest is listed first. */
async function give(count: number, key: string): Promise<void> {
  const [run] = moves.langsmith.inspect.runs.filter(
    ({ sessionId, parentRunId }) => sessionId === liveId() && parentRunId === null,
  );
  for (let index = 0; index < count; index += 1) {
    await client().createFeedback({
      ...{ runId: run?.id ?? '', sessionId: liveId(), key: `${key} ${index}`, score: 1 },
    });
  }
}

const cursorOf = (kind: 'traces' | 'sweep'): CursorKey => ({
  migrationId: 'moves/live',
  kind,
  container: liveId(),
});

/** Whether the second look at live traffic is amid its feedback. */
async function isAmidFeedback(): Promise<boolean> {
  const { cursor } = await readCursor(moves.store, cursorOf('sweep'));
  return /"part":"scores","at":/.test(cursor ?? '');
}

/** The names of all scores of the target. */
async function scoresThere(): Promise<readonly string[]> {
  const names: string[] = [];
  for (let cursor: string | undefined; ;) {
    const query = new URLSearchParams({
      limit: '100',
      ...(cursor === undefined ? {} : { cursor }),
    });
    const { body } = await moves.langfuse.call(`/api/public/v3/scores?${query.toString()}`);
    names.push(...(body['data'] as readonly Loose[]).map(({ name }) => String(name)));
    cursor = (body['meta'] as { readonly cursor?: string } | undefined)?.cursor;
    if (cursor === undefined) return names.sort();
  }
}

/** A move a page at a time, with what others do once the traces were read, and between pages of the feedback. */
async function moveWhile(between: (pages: number) => Promise<void>): Promise<MoveReport> {
  let isGiven = false;
  let pages = 0;
  const report = await moves.run(asked, {
    sliceMs: 0,
    before: async () => {
      if (await isAmidFeedback()) await between((pages += 1));
      if (isGiven || !(await readCursor(moves.store, cursorOf('traces'))).done) return;
      isGiven = true;
      await give(late, 'late');
    },
  });
  expect(pages).toBeGreaterThan(1);
  return report;
}

describe('feedback that changes while it is read', () => {
  it('loses none where some before our place is deleted', async () => {
    const report = await moveWhile(async (pages) => {
      if (pages > 2) return;
      // Of the page that was just read; the second time more than a page is read anew.
      const gone = pages === 1 ? 5 : 60;
      for (const { id } of newestFirst().slice(0, gone)) await client().deleteFeedback(id);
    });
    expect(report.status).toBe('verified');
    const shown = await scoresThere();
    expect(new Set(shown).size).toBe(shown.length);
    const still = feedback().filter(({ score }) => score !== null);
    expect(still).toHaveLength(late - 65);
    expect(shown).toEqual(expect.arrayContaining(still.map(({ key }) => key)));
  });

  it('loses none that comes in before our place', async () => {
    const report = await moveWhile((pages) => (pages === 1 ? give(3, 'later') : Promise.resolve()));
    expect(report.status).toBe('verified');
    // And `tone`, which was there before.
    expect(figuresOf(report, 'score')).toMatchObject({ written: late + 4, verified: late + 4 });
    const shown = await scoresThere();
    expect(shown).toHaveLength(late + 4);
    expect(shown).toEqual(expect.arrayContaining(['later 0', 'later 1', 'later 2']));
  });

  it('is read from its beginning by a move that a build before noted a mere number of', async () => {
    const report = await moveWhile(async (pages) => {
      if (pages !== 1) return;
      const cursor = JSON.stringify({ part: 'scores', at: '200' });
      await putCursor(moves.store, cursorOf('sweep'), { cursor, done: false });
    });
    expect(figuresOf(report, 'score')).toMatchObject({ written: late + 1, verified: late + 1 });
  });
});

const newestFirst = () => [...feedback()].sort((a, b) => b.createdAt - a.createdAt);
