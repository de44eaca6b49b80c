import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createBaselines } from '../../src/activities/regression/baselines.js';
import type { RegressionPorts } from '../../src/activities/regression/ports.js';
import type { Manifest } from '../../src/contracts/manifest.js';
import { baselinePages } from '../../src/store/baselines/cells.js';
import { findBaseline, findPromoted, listBaselines } from '../../src/store/baselines/rows.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { rowsOf } from '../../src/store/query.js';
import type { Place } from './baseline-pin-places.js';
import { commitOf, newCells, openTestStore, type TestStore } from './store-fixtures.js';
import { inActivity } from '../support/in-activity.js';

/** Two pages. */
const items = 4_001;

let test: TestStore;
let run: string;
let cellId: string;
beforeAll(async () => {
  test = await openTestStore();
  const { experimentId, cellIds } = await newCells(test.store, items);
  [cellId = ''] = cellIds;
  [, run = ''] = experimentId.split('/');
  await commitCells(test.store, [commitOf(cellId)]);
  const manifest: Manifest = {
    version: 1,
    dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items },
    target: { kind: 'function', name: 'triage', code: 'b'.repeat(64) },
    evaluators: [],
    repetitions: 1,
  };
  await test.store.query(
    `update assay.experiments set status = 'completed', manifest = $2, manifest_hash = 'first' where id = $1`,
    [experimentId, JSON.stringify(manifest)],
  );
});
afterAll(() => test.close());

/** Has a worker pin in a process of its own, and kills it there. */
const killedAt = async (place: Place, kind: 'save' | 'rejudge', name: string): Promise<void> => {
  const register = new URL('../support/register-ts.mjs', import.meta.url).href;
  const script = fileURLToPath(new URL('./baseline-pin-process.ts', import.meta.url));
  const args = ['--import', register, script, test.database.url, kind, name, run, place];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => {
      throw new Error('the worker ended by itself');
    }),
  ]);
  child.kill('SIGKILL');
  await ended;
};

const repeated = <T>(
  work: (activities: ReturnType<typeof createBaselines>) => Promise<T>,
): Promise<T> => {
  const activities = createBaselines({ store: test.store } as unknown as RegressionPorts);
  return inActivity(() => work(activities));
};

/** The score of the first cell in what a baseline holds, and how many cells that is. */
const held = async (name: string): Promise<{ first: unknown; cells: number }> => {
  const baseline = await findBaseline(test.store, { project: 'shop', name });
  const { id: baselineId = '', version = 0 } = baseline ?? {};
  let cells = 0;
  let first: unknown;
  for await (const page of baselinePages(test.store, { baselineId, version })) {
    first ??= page.scores[0]?.['exact']?.[0];
    cells += page.items.length;
  }
  return { first, cells };
};

const judgedAs = (passes: boolean): Promise<unknown> =>
  test.store.query(`update assay.scores set boolean_value = $2 where cell_id = $1`, [
    cellId,
    passes,
  ]);

describe('a baseline whose worker is killed inside of its pin', () => {
  // Each place once for a baseline that was not there before, or for one that was; the first for both.
  it.each<[saved: Place, renewed: Place]>([
    ['between two pages', 'while the version begins to count'],
    ['before the version counts', 'between two pages'],
  ])(
    'is either whole or not there, and the same command again makes it whole (saved: %s; renewed: %s)',
    async (saved, renewed) => {
      const name = saved.replaceAll(' ', '-');
      const key = { project: 'shop', name };
      await judgedAs(true);

      await killedAt(saved, 'save', name);
      expect(await findBaseline(test.store, key)).toBeUndefined();
      const listed = await listBaselines(test.store, { project: 'shop' });
      expect(listed.map((each) => each.name)).not.toContain(name);
      const save = { kind: 'save', ...key, run, promote: true } as const;
      expect(await repeated(({ saveBaseline }) => saveBaseline(save))).toMatchObject({
        outcome: 'saved',
        version: 1,
        cells: items,
      });
      expect(await held(name)).toEqual({ first: true, cells: items });
      const promoted = await findPromoted(test.store, { project: 'shop', dataset: 'tickets' });
      expect(promoted?.name).toBe(name);

      await judgedAs(false);
      await killedAt(renewed, 'rejudge', name);
      // What counted before counts on, with all of its scores of then.
      expect(await findBaseline(test.store, key)).toMatchObject({ version: 1, cells: items });
      expect(await held(name)).toEqual({ first: true, cells: items });
      const renew = { kind: 'rejudge', ...key } as const;
      expect(await repeated(({ renewBaseline }) => renewBaseline(renew))).toMatchObject({
        outcome: 'renewed',
        version: 2,
      });
      expect(await held(name)).toEqual({ first: false, cells: items });
      const left = await rowsOf<{ version: number }>(
        test.store,
        `select distinct c.version from assay.baseline_cells c join assay.baselines b on b.id = c.baseline_id
          where b.name = $1`,
        [name],
      );
      expect(left).toEqual([{ version: 2 }]);
    },
    30_000,
  );
});
