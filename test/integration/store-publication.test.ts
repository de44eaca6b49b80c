import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { PublicationCounts } from '../../src/contracts/records.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { finishExperiment } from '../../src/store/experiment-end.js';
import { dropBodies, requeueRows } from '../../src/store/outbox.js';
import { publicationCounts } from '../../src/store/publication.js';
import { retireJudged, retireSuperseded } from '../../src/store/passes/retire.js';
import { commitJudgements } from '../../src/store/passes/judgements.js';
import { openPass } from '../../src/store/passes/open-pass.js';
import {
  openPublisherSession,
  type ExportMark,
  type PublisherSession,
} from '../../src/store/publisher/session.js';
import { countOf, rowsOf } from '../../src/store/query.js';
import { withTransaction } from '../../src/store/store.js';
import {
  commitOf,
  judgementOf,
  newCells,
  openTestStore,
  unique,
  type TestStore,
} from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** What the outbox itself says, row by row. */
async function counted(experimentId: string): Promise<Partial<PublicationCounts>> {
  const rows = await rowsOf<{
    kind: string;
    trace: string;
    ids: number;
    refused: number;
    sent: boolean;
  }>(
    test.store,
    `select kind, trace_id as trace, cardinality(ids) as ids, sent_at is not null as sent,
            coalesce(json_array_length(refused), 0) as refused
       from assay.outbox where experiment_id = $1`,
    [experimentId],
  );
  const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
  const spans = rows.filter(({ kind, ids, refused }) => kind === 'spans' && refused < ids);
  const traces = new Set(spans.map(({ trace }) => trace));
  const waiting = new Set(spans.flatMap(({ trace, sent }) => (sent ? [] : [trace])));
  const scores = rows.filter(({ kind }) => kind === 'scores');
  const sentScores = scores.filter(({ sent }) => sent);
  return {
    expectedTraces: traces.size,
    sentTraces: traces.size - waiting.size,
    expectedScores: sum(scores.map(({ ids, refused }) => ids - refused)),
    sentScores: sum(sentScores.map(({ ids, refused }) => ids - refused)),
    refused: sum(rows.map(({ refused }) => refused)),
  };
}

const told = async (experimentId: string): Promise<PublicationCounts | undefined> =>
  (await publicationCounts(test.store, experimentId))[0];

const withSession = async (
  partition: string,
  run: (session: PublisherSession) => Promise<void>,
): Promise<void> => {
  const drain = { platform: 'langfuse', partition, holder: 'test' };
  const opening = await openPublisherSession(test.database.url, drain);
  if (opening.state === 'held') throw new Error('the drain is held');
  await run(opening.session).finally(() => opening.session.close());
};

/** Sends the next rows of a kind; `refuse` says which ids of the first row are refused. */
const sendSome = async (
  session: PublisherSession,
  kind: 'spans' | 'scores',
  { most = 100, refuse = 0 }: { readonly most?: number; readonly refuse?: number } = {},
): Promise<readonly string[]> => {
  const rows = await session.takeRows({ kind, maxBytes: 1e6, maxRecords: most });
  const exportId = unique('export');
  await session.intend({ exportId, kind, rowIds: rows.map(({ rowId }) => rowId) });
  const [first] = rows;
  const mark: ExportMark = {
    outcome: 'accepted',
    refused: (first?.ids ?? [])
      .slice(0, refuse)
      .map((id) => ({ rowId: first?.rowId ?? '', id, reason: 'too large' })),
  };
  await session.mark(exportId, mark);
  return rows.map(({ rowId }) => rowId);
};

const newRun = async (cells: number) => {
  const partition = unique('partition');
  const { experimentId, cellIds } = await newCells(test.store, cells);
  await commitCells(
    test.store,
    cellIds.map((cellId, index) =>
      commitOf(cellId, { status: index === 0 ? 'target_error' : 'ok' }, partition),
    ),
  );
  return { partition, experimentId, cellIds };
};

const reopen = async (
  experimentId: string,
  request: Parameters<typeof openPass>[1]['request'],
): Promise<number> => {
  await finishExperiment(test.store, experimentId, { status: 'completed' });
  const opened = await openPass(test.store, {
    experimentId,
    request,
    requestHash: unique('hash'),
    token: unique('token'),
    workflowRunId: 'run',
    manifestHash: undefined,
    details: {},
  });
  if (opened.state !== 'opened') throw new Error(`the pass is ${opened.state}`);
  return opened.pass.pass;
};

const workOf = (experimentId: string, pass: number) =>
  rowsOf<{ id: string; cell: string }>(
    test.store,
    `select id, supersedes as cell from assay.experiment_cells
      where experiment_id = $1 and pass = $2 order by position`,
    [experimentId, pass],
  );

const judgedOutbox = (workId: string, cellId: string, partition: string) => {
  const [to] = commitOf(cellId, {}, partition).outbox;
  const records = (to?.records ?? []).map((record) =>
    record.kind === 'spans' ? { ...record, ids: [`judge-${workId}`] } : record,
  );
  return [{ platform: 'langfuse', partition, records }];
};

describe('what a platform holds of a run', () => {
  it('is what the rows of its outbox come to, whatever was written of them', async () => {
    const { experimentId, partition, cellIds } = await newRun(12);
    const same = async (): Promise<void> => {
      expect(await told(experimentId)).toMatchObject(await counted(experimentId));
    };
    await same();
    let sent: readonly string[] = [];
    await withSession(partition, async (session) => {
      sent = await sendSome(session, 'spans', { most: 5, refuse: 1 });
      await same();
      await sendSome(session, 'spans', { refuse: 1 });
      await same();
      await sendSome(session, 'scores', { most: 3, refuse: 1 });
      await same();
      await requeueRows(test.store, sent);
      await same();
      await session.mark((await session.openExports())[0]?.exportId ?? '', { outcome: 'found' });
      await sendSome(session, 'scores');
      await same();
    });
    expect(await dropBodies(test.store, { experimentId, platform: 'langfuse' })).toBeGreaterThan(0);
    await same();

    const rejudge = await reopen(experimentId, { kind: 'rejudge', all: true });
    const work = await workOf(experimentId, rejudge);
    expect(work).toHaveLength(cellIds.length);
    await commitJudgements(
      test.store,
      work.map(({ id, cell }) => ({
        ...judgementOf(id, cell, judgedOutbox(id, cell, partition)),
        status: cell === cellIds[0] ? ('evaluator_error' as const) : ('ok' as const),
      })),
    );
    await same();
    await retireJudged(test.store, { experimentId, pass: rejudge });
    await same();
    await withSession(partition, async (session) => {
      await sendSome(session, 'spans', { most: 4 });
      await same();
      await sendSome(session, 'spans');
      await same();
    });

    const retry = await reopen(experimentId, { kind: 'retry', includeSkipped: false });
    const [again] = await workOf(experimentId, retry);
    await commitCells(test.store, [commitOf(again?.id ?? '', {}, partition)]);
    await retireSuperseded(test.store, { experimentId, pass: retry });
    await same();
    // The trace of the failed cell gave way to that of its retry.
    expect(await told(experimentId)).toMatchObject({ expectedTraces: 12, sentTraces: 11 });
  });

  it('is told without a look at the outbox', async () => {
    const { experimentId } = await newRun(2);
    await withTransaction(test.store, async (on) => {
      await countOf(on, 'lock table assay.outbox in access exclusive mode');
      // On another connection: a read of the outbox would wait for the end of this transaction.
      const late = new Promise<'late'>((resolve) => setTimeout(resolve, 5_000, 'late').unref());
      expect(await Promise.race([told(experimentId), late])).toMatchObject({ expectedTraces: 2 });
    });
  });

  it('is counted by cells and by the publisher without either waiting for the other', async () => {
    const { experimentId, partition } = await newRun(2);
    await withTransaction(test.store, async (on) => {
      await countOf(
        on,
        `insert into assay.outbox (experiment_id, cell_id, platform, partition, kind, trace_id, ids, bytes)
         values ($1, 1, 'langfuse', $2, 'spans', 'trace', '{a}', 1)`,
        [experimentId, partition],
      );
      // This connection has counted and not committed yet.
      await withSession(partition, async (session) => {
        expect(await sendSome(session, 'spans')).toHaveLength(2);
      });
    });
    expect(await told(experimentId)).toMatchObject({ expectedTraces: 3, sentTraces: 2 });
  });

  it('goes with the run', async () => {
    const { experimentId } = await newRun(2);
    await countOf(test.store, 'delete from assay.experiments where id = $1', [experimentId]);
    expect(await publicationCounts(test.store, experimentId)).toEqual([]);
    expect(
      await rowsOf(test.store, 'select 1 from assay.outbox_counts where experiment_id = $1', [
        experimentId,
      ]),
    ).toEqual([]);
  });
});
