import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { childRun, clientOf, rootRun } from '../langsmith-server-support.js';
import type { Loose } from '../langfuse-support.js';
import { figuresOf, startMoves, type Moves } from './driver.js';
import { fillWorkspace, start } from './workspace.js';

const live = 230;
const examples = 2;

let moves: Moves;
beforeAll(async () => {
  moves = await startMoves();
  await fillWorkspace(moves.langsmith, { examples, live });
});
afterAll(() => moves.stop());

const client = () => clientOf(moves.langsmith);
const send = (...runCreates: readonly object[]): Promise<void> =>
  client().batchIngestRuns({ runCreates: runCreates as never });

/** Every row of the target, by its name; what stands twice comes twice. */
async function rowsNamed(name: string): Promise<readonly Loose[]> {
  const query = new URLSearchParams({ limit: '1000', fields: 'core,basic,time' });
  const { body } = await moves.langfuse.call(`/api/public/v2/observations?${query.toString()}`);
  return (body['data'] as readonly Loose[]).filter((row) => row['name'] === name);
}

/** The traces of live traffic there, oldest first. */
const liveRoots = () =>
  moves.langsmith.inspect.runs
    .filter(
      ({ parentRunId, startTime, name }) =>
        parentRunId === null && name === 'target' && startTime >= 0,
    )
    .filter(
      ({ sessionId }) =>
        moves.langsmith.inspect.sessions.find(({ id }) => id === sessionId)?.name === 'live',
    )
    .sort((a, b) => a.startTime - b.startTime);

const asParent = ({
  id,
  dottedOrder,
}: {
  readonly id: string;
  readonly dottedOrder?: unknown;
}) => ({
  id,
  trace_id: id,
  dotted_order: typeof dottedOrder === 'string' ? dottedOrder : `20260301T120000000000Z${id}`,
});

describe('a source that is written to while it is read', () => {
  const open = rootRun({
    name: 'still open',
    session_name: 'live',
    start_time: Date.now() - 5_000,
    end_time: undefined,
    outputs: undefined,
  });

  it('loses nothing and gives nothing twice: what came behind us is read at the second look', async () => {
    let pages = 0;
    const report = await moves.run(
      { name: 'live', only: ['datasets', 'experiments', 'traces'] },
      {
        sliceMs: 0,
        before: async (step) => {
          if (step === 'traces') pages += 1;
          // The experiment and the first two pages of live traffic are read by now.
          if (step !== 'traces' || pages !== 4) return;
          const [first, second, third] = liveRoots();
          if (first === undefined || second === undefined || third === undefined) throw new Error();
          const hours = 2 * 3_600_000;
          await send(
            rootRun({ name: 'late root', session_name: 'live', start_time: start - 60_000 }),
            childRun(asParent(first), {
              name: 'late child',
              session_name: 'live',
              start_time: start + 300,
            }),
            // Beyond every margin, and nobody's parent.
            childRun(asParent(second), {
              name: 'far child',
              session_name: 'live',
              start_time: start + hours,
              end_time: start + hours + 10,
            }),
            open,
          );
          await client().createFeedback({
            runId: third.id,
            sessionId: third.sessionId,
            key: 'late word',
            score: 1,
          } as never);
        },
      },
    );
    expect(report.error).toBeUndefined();
    expect(report.kinds.flatMap(({ differing }) => differing)).toEqual([]);
    expect(report.status).toBe('verified');
    for (const name of ['late root', 'late child', 'far child']) {
      expect(await rowsNamed(name)).toHaveLength(1);
    }
    expect(await rowsNamed('target')).toHaveLength(examples + live);
    expect(await rowsNamed('generation')).toHaveLength(live);
    expect(figuresOf(report, 'trace')).toMatchObject({
      found: examples + live + 2,
      verified: examples + live + 1,
      left: [{ count: 1, reason: expect.stringContaining('under way') as unknown }],
    });
    expect(figuresOf(report, 'score')).toMatchObject({ found: 5, verified: 4 });
  });

  it('is gone on with by the same move: what has ended since is brought, and the rest is left alone', async () => {
    await client().batchIngestRuns({
      runUpdates: [
        {
          id: open.id,
          trace_id: open.trace_id,
          dotted_order: open.dotted_order,
          end_time: Date.now(),
          outputs: { answer: 'at last' },
        },
      ] as never,
    });
    const parts = ['datasets', 'experiments', 'traces'] as const;
    const report = await moves.run({ name: 'live', only: [...parts] });
    expect(report.status).toBe('verified');
    expect(figuresOf(report, 'trace')).toMatchObject({
      found: examples + live + 2,
      verified: examples + live + 2,
      left: [],
    });
    expect(await rowsNamed('still open')).toHaveLength(1);
    expect(await rowsNamed('target')).toHaveLength(examples + live);
    expect(await rowsNamed('generation')).toHaveLength(live);
  });
});
