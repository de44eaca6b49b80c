import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { platformMigrationSchema } from '../../src/contracts/platform-migration.js';
import { findItems, putFound } from '../../src/store/moves/items.js';
import { beginMove } from '../../src/store/moves/moves.js';
import { putOut } from '../../src/store/moves/outbox.js';
import { leaveRefused } from '../../src/store/moves/verified.js';
import { rowsOf } from '../../src/store/query.js';
import { withTransaction } from '../../src/store/store.js';
import { openTestStore, type TestStore } from './store-fixtures.js';

const traces = 8_000;
const refused = 3;

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

describe('what the target of a move refused', () => {
  it('is found among thousands of traces in a moment, before the database has counted its rows', async () => {
    const { store } = test;
    const project = 'refusing';
    await rowsOf(store, `insert into assay.projects (id) values ($1)`, [project]);
    const { id: migrationId } = await beginMove(
      store,
      platformMigrationSchema.parse({ project, name: 'all', direction: 'langsmith-to-langfuse' }),
    );
    const numbers = Array.from({ length: traces }, (_, index) => index);
    const container = 'live';
    await putFound(store, migrationId, [
      ...numbers.map((n) => ({
        ...({ kind: 'trace', container, state: 'written' } as const),
        ...{ sourceId: `s${n}`, targetId: `t${n}` },
      })),
      ...numbers.map((n) => ({
        ...({ kind: 'score', container, state: 'written' } as const),
        ...{ sourceId: `s${n}`, targetId: `c${n}` },
      })),
    ]);
    for (const kind of ['spans', 'scores'] as const) {
      await putOut(
        store,
        { migrationId, platform: 'langfuse' },
        numbers.map((n) => ({ kind, traceId: `t${n}`, ids: [`c${n}`], body: '{}' })),
      );
    }
    for (const [kind, from] of [
      ['spans', 10],
      ['scores', 20],
    ] as const) {
      for (let n = from; n < from + refused; n += 1) {
        await rowsOf(
          store,
          `update assay.outbox set refused = $3 where kind = $1 and trace_id = $2`,
          [kind, `t${n}`, JSON.stringify([{ id: `c${n}`, reason: 'too large' }])],
        );
      }
    }
    await withTransaction(store, async (tx) => {
      // It takes some hundredths of a second; comparing each with each takes most of a minute.
      await rowsOf(tx, `set local statement_timeout = '5s'`);
      await leaveRefused(tx, migrationId);
    });
    for (const [kind, from] of [
      ['trace', 10],
      ['score', 20],
    ] as const) {
      const ids = numbers.map((n) => `s${n}`);
      const rows = await findItems(store, { migrationId, kind }, ids);
      const left = [...rows.values()].filter(({ state }) => state === 'left');
      expect(left.map(({ sourceId }) => sourceId).sort()).toEqual(
        Array.from({ length: refused }, (_, index) => `s${from + index}`),
      );
      expect(new Set(left.map(({ reason }) => reason))).toEqual(
        new Set(['the target refused it: too large']),
      );
    }
  });
});
