import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Exporter } from '../../src/activities/experiment/export-state.js';
import { drainOutbox } from '../../src/activities/experiment/publish.js';
import type { OutboundExport, Platform, SendOutcome } from '../../src/platforms/port.js';
import { finishExperiment } from '../../src/store/experiment-end.js';
import { requeueRows } from '../../src/store/outbox.js';
import { commitJudgements } from '../../src/store/passes/judgements.js';
import { openPass } from '../../src/store/passes/open-pass.js';
import { publicationCounts } from '../../src/store/publication.js';
import { rowsOf } from '../../src/store/query.js';
import { resendsOf, setupExport, type ExportSetup } from './export-fixtures.js';
import { judgementOf, openTestStore, unique, type TestStore } from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const rowsOfKind = ({ session }: ExportSetup, kind: 'spans' | 'scores') =>
  session.takeRows({ kind, maxBytes: 1e6, maxRecords: 100 });

/** A platform that answers 500 to each request with one of these ids, and shows what it took. */
function poisonedBy(of: ExportSetup, poison: (id: string) => boolean) {
  const taken: string[] = [];
  const requests: (readonly string[])[] = [];
  const platform: Platform = {
    ...of.platform,
    send: (batch: OutboundExport) => {
      const ids = batch.records.flatMap((record) => record.ids);
      requests.push(ids);
      if (ids.some(poison)) {
        return Promise.resolve({ outcome: 'ambiguous', reason: '500: boom', answered: true });
      }
      taken.push(...ids);
      for (const id of ids) of.found.add(id);
      return Promise.resolve({ outcome: 'accepted', refused: [] });
    },
  };
  return { platform, taken, requests };
}

/** As if the time in which a try can still appear were over. */
const longAgo = ({ experimentId }: ExportSetup) =>
  test.store.query(
    `update assay.outbox_exports set intended_at = intended_at - interval '1 minute'
      where partition = $1 and marked_at is null`,
    [experimentId],
  );

describe('a record that the platform answers with an error of its own each time', () => {
  it.each([
    ['spans', 1],
    ['spans', 2],
    ['scores', 1],
    ['scores', 2],
  ] as const)(
    'makes only itself wait, and no other of its export: %s, %i of them',
    async (kind, poisoned) => {
      const of = await setupExport(test, 20);
      const rows = await rowsOfKind(of, kind);
      // The first and the last stand in two halves.
      const bad = [rows.at(0), rows.at(-1)].slice(0, poisoned).flatMap((row) => row?.ids ?? []);
      const { platform, taken, requests } = poisonedBy(of, (id) => bad.includes(id));
      const exporter = of.exporterOver(of.session, platform, 0);
      await exporter.send({ kind, rows });
      for (let look = 0; look < 12; look += 1) {
        await longAgo(of);
        await exporter.settle();
      }
      const good = rows.flatMap(({ ids }) => ids).filter((id) => !bad.includes(id));
      // Each of them once: what is unclear is looked for before it is sent again.
      expect([...taken].sort()).toEqual([...good].sort());
      expect(requests.length).toBeLessThan(45);
      expect((await publicationCounts(test.store, of.experimentId))[0]?.refused).toBe(0);
      await of.session.close();
    },
  );

  it('holds up nothing else, and is said to be waited for once all else is through', async () => {
    const of = await setupExport(test, 3);
    const [poison] = (await rowsOfKind(of, 'scores')).flatMap(({ ids }) => ids);
    const { platform, taken } = poisonedBy(of, (id) => id === poison);
    const exporter = of.exporterOver(of.session, platform);
    const rows = await rowsOfKind(of, 'scores');
    await exporter.send({ kind: 'scores', rows: rows.slice(0, 1) });
    const told = await drainOutbox({
      closed: () => Promise.resolve(true),
      session: of.session,
      exporter,
      platform,
      beat: { tell: () => undefined, cancelled: new AbortController().signal, before: {} },
      ports: { draining: AbortSignal.timeout(4_000) },
    });
    expect(told.state).toBe('wait');
    expect(taken).toHaveLength(3 * 2 + 2);
    expect(await exporter.settle()).toMatchObject({
      state: 'moved',
      open: 1,
      resting: { reason: '500: boom' },
    });
    await of.session.close();
  }, 20_000);

  it('makes an export rest also where another of its records is refused, and no part of it gets through', async () => {
    const of = await setupExport(test, 4);
    const rows = await rowsOfKind(of, 'scores');
    const [refused = '', ...poison] = rows.flatMap(({ ids }) => ids);
    const { platform, requests } = poisonedBy(of, (id) => poison.includes(id));
    const refusing: Platform = {
      ...platform,
      send: (batch, ...on) =>
        batch.records.some(({ ids }) => ids.includes(refused))
          ? (requests.push([]),
            Promise.resolve({
              outcome: 'refused',
              code: 'PLATFORM_REFUSED',
              reason: '400: bad',
              splittable: true,
            }))
          : platform.send(batch, ...on),
    };
    const exporter = of.exporterOver(of.session, refusing);
    await exporter.send({ kind: 'scores', rows });
    for (let look = 0; look < 8; look += 1) await exporter.settle();
    const tried = requests.length;
    expect(await exporter.settle()).toMatchObject({
      state: 'moved',
      open: 1,
      resting: { reason: '500: boom' },
    });
    expect(requests).toHaveLength(tried);
    await of.session.close();
  });

  it('is no reason to send an export in ever more parts where all of them fail', async () => {
    const of = await setupExport(test, 20);
    const { platform, requests } = poisonedBy(of, () => true);
    const exporter = of.exporterOver(of.session, platform);
    await exporter.send({ kind: 'scores', rows: await rowsOfKind(of, 'scores') });
    const perLook: number[] = [];
    for (let look = 0; look < 8; look += 1) {
      const before = requests.length;
      expect(await exporter.settle()).toMatchObject({ state: 'blocked', open: 1 });
      perLook.push(requests.length - before);
    }
    expect(perLook).toEqual([1, 2, 4, 7, 7, 7, 7, 7]);
    expect(await resendsOf(test, of.experimentId)).toBe(0);
    await of.session.close();
  });
});

describe('a record that has failed alone for ten minutes', () => {
  const failingFor = ({ experimentId }: ExportSetup, minutes: number) =>
    test.store.query(
      `update assay.outbox_exports set failing_since = failing_since - $2::int * interval '1 minute'
        where partition = $1`,
      [experimentId, minutes],
    );
  const failingOf = async ({ experimentId }: ExportSetup): Promise<readonly unknown[]> =>
    rowsOf(
      test.store,
      `select export_id from assay.outbox_exports where partition = $1 and failing_since is not null`,
      [experimentId],
    );
  /** As if nothing else had got through meanwhile, in this run or another. */
  const othersLongAgo = () =>
    test.store.query(
      `update assay.outbox_exports set intended_at = intended_at - interval '1 day'
        where marked_at is not null`,
      [],
    );
  const anotherGetsThrough = async () => {
    const other = await setupExport(test, 1);
    await other.exporterOver(other.session).send({
      kind: 'scores',
      rows: await rowsOfKind(other, 'scores'),
    });
    await other.session.close();
  };
  const refusedCount = async ({ experimentId }: ExportSetup) =>
    (await publicationCounts(test.store, experimentId))[0]?.refused;
  const look = async (of: ExportSetup, exporter: Exporter, times = 1) => {
    for (let each = 0; each < times; each += 1) {
      await longAgo(of);
      await exporter.settle();
    }
  };

  /** An export of ten records of which some fail each time, until they rest. */
  const resting = async (kind: 'spans' | 'scores', poisoned = 1) => {
    const of = await setupExport(test, 10);
    const rows = await rowsOfKind(of, kind);
    const bad = [rows.at(0), rows.at(-1)].slice(0, poisoned).flatMap((row) => row?.ids ?? []);
    const sick = new Set(bad);
    const over = poisonedBy(of, (id) => sick.has(id));
    const exporter = of.exporterOver(of.session, over.platform, 0);
    await exporter.send({ kind, rows });
    await look(of, exporter, 10);
    expect(await failingOf(of)).toHaveLength(1);
    const good = rows.flatMap(({ ids }) => ids).filter((id) => !sick.has(id));
    return { of, rows, bad, good, sick, exporter, ...over };
  };

  it.each([
    ['spans', 1],
    ['spans', 2],
    ['scores', 1],
    ['scores', 2],
  ] as const)(
    'is told as refused while others get through, and tried again by a repair: %s, %i of them',
    async (kind, poisoned) => {
      const { of, rows, bad, good, sick, exporter, taken } = await resting(kind, poisoned);
      await othersLongAgo();
      await failingFor(of, 12);
      for (const id of good) sick.add(id);
      await look(of, exporter, 3);
      // Nothing else has got through: an outage, for all that is known.
      expect(await refusedCount(of)).toBe(0);
      for (const id of good) sick.delete(id);
      await anotherGetsThrough();
      await look(of, exporter);
      expect(await of.session.openExports()).toEqual([]);
      expect(await refusedCount(of)).toBe(bad.length);
      const told = await rowsOf<{ refused: readonly { id: string; reason: string }[] }>(
        test.store,
        `select refused from assay.outbox where experiment_id = $1 and refused is not null order by id`,
        [of.experimentId],
      );
      const reason = expect.stringMatching(
        /^500: boom, each time for 1[0-2] minutes, while others got through$/,
      ) as unknown;
      const byId = told.flatMap(({ refused }) => refused).sort((a, b) => a.id.localeCompare(b.id));
      expect(byId).toEqual(
        [...bad].sort((a, b) => a.localeCompare(b)).map((id) => ({ id, reason })),
      );
      expect([...taken].sort()).toEqual([...good].sort());

      sick.clear();
      await requeueRows(
        test.store,
        rows.filter(({ ids }) => ids.some((id) => bad.includes(id))).map(({ rowId }) => rowId),
      );
      await look(of, exporter);
      expect([...taken].sort()).toEqual([...good, ...bad].sort());
      expect(await refusedCount(of)).toBe(0);
      await of.session.close();
    },
  );

  it.each(['spans', 'scores'] as const)(
    'is given up by publishers of which each makes one try, and only after a try of now: %s',
    async (kind) => {
      const { of, bad, platform, requests } = await resting(kind);
      await anotherGetsThrough();
      requests.splice(0);
      const afresh = () => look(of, of.exporterOver(of.session, platform, 0));
      await afresh();
      expect(requests).toEqual([bad]);
      // As if nobody had looked for ten minutes: the last try is as old as the first.
      await test.store.query(
        `update assay.outbox_exports set failing_since = failing_since - interval '12 minutes',
                intended_at = intended_at - interval '12 minutes'
          where partition = $1 and marked_at is null`,
        [of.experimentId],
      );
      await afresh();
      expect(requests).toEqual([bad, bad]);
      expect(await refusedCount(of)).toBe(0);
      await afresh();
      expect(requests).toEqual([bad, bad]);
      expect(await refusedCount(of)).toBe(bad.length);
      await of.session.close();
    },
  );

  it.each([
    ['spans', true],
    ['spans', false],
    ['scores', true],
    ['scores', false],
  ] as const)(
    'ends its run also where nothing is left to send beside it, by a score that was there before: %s, taken again: %s',
    async (kind, takenAgain) => {
      const { of, rows, bad, exporter, sick, requests } = await resting(kind);
      const scores = kind === 'scores' ? rows.slice(1) : await rowsOfKind(of, 'scores');
      if (kind === 'spans') await exporter.send({ kind: 'scores', rows: scores });
      await othersLongAgo();
      await failingFor(of, 12);
      requests.splice(0);
      const ids = scores.flatMap((row) => row.ids);
      if (!takenAgain) for (const id of ids) sick.add(id);
      await look(of, exporter);
      // One of them, and what fails where that is an outage.
      expect(requests).toHaveLength(takenAgain ? 1 : 2);
      expect(ids).toEqual(expect.arrayContaining([...(requests[0] ?? [])]));
      expect(await refusedCount(of)).toBe(takenAgain ? bad.length : 0);
      expect(await of.session.openExports()).toHaveLength(takenAgain ? 0 : 1);
      await of.session.close();
    },
  );

  it('is never told as refused where the platform shows it after all', async () => {
    const { of, bad, exporter } = await resting('spans');
    await failingFor(of, 12);
    await anotherGetsThrough();
    for (const id of bad) of.found.add(id);
    await look(of, exporter);
    expect(await of.session.openExports()).toEqual([]);
    expect(await refusedCount(of)).toBe(0);
    await of.session.close();
  });

  it('is not given up with another that shares its request', async () => {
    const { of, exporter } = await resting('scores', 2);
    await failingFor(of, 12);
    await anotherGetsThrough();
    // A try of which nobody knows what came of it: the publisher died.
    for (const { exportId } of await of.session.openExports()) {
      await of.session.reopenExport(exportId);
    }
    await exporter.settle();
    expect(await refusedCount(of)).toBe(0);
    await of.session.close();
  });

  it.each<SendOutcome>([
    { outcome: 'ambiguous', reason: 'no answer' },
    { outcome: 'later', retryAfterMs: 1, reason: '429' },
    { outcome: 'unreachable', reason: 'ECONNREFUSED' },
    { outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED', reason: '401' },
  ])('begins anew after an answer of another kind: $outcome, $reason', async (answer) => {
    for (const kind of ['spans', 'scores'] as const) {
      const { of, platform } = await resting(kind);
      const other: Platform = { ...platform, send: () => Promise.resolve(answer) };
      await look(of, of.exporterOver(of.session, other, 0));
      expect(await failingOf(of)).toEqual([]);
      await of.session.close();
    }
  });

  it('holds up nothing after a while, also where nothing else of its export ever got through', async () => {
    const of = await setupExport(test, 2);
    const { platform } = poisonedBy(of, () => true);
    const exporter = of.exporterOver(of.session, platform);
    await exporter.send({ kind: 'scores', rows: await rowsOfKind(of, 'scores') });
    await look(of, exporter);
    expect(await exporter.settle()).toMatchObject({ state: 'blocked', waitMs: 5_000 });
    expect(await failingOf(of)).toHaveLength(1);
    const next = of.exporterOver(of.session, platform);
    expect(await next.settle()).toMatchObject({ state: 'moved', open: 1 });
    await of.session.close();
  });
});

describe('scores of a cell that was judged again', () => {
  it('are sent no more in their older form, whenever their exports are opened again', async () => {
    const of = await setupExport(test, 2);
    const { experimentId, cellIds, session } = of;
    const { platform, requests } = poisonedBy(of, () => false);
    const exporter = of.exporterOver(session, platform);
    const older = await rowsOfKind(of, 'scores');
    await exporter.send({ kind: 'scores', rows: older });
    await finishExperiment(test.store, experimentId, { status: 'completed' });
    const opened = await openPass(test.store, {
      experimentId,
      request: { kind: 'rejudge', all: true },
      requestHash: unique('hash'),
      token: unique('token'),
      workflowRunId: 'run',
      manifestHash: undefined,
      details: {},
    });
    if (opened.state !== 'opened') throw new Error(`the pass is ${opened.state}`);
    // The first of both cells is judged; the second has its scores of before.
    const [cell = ''] = cellIds;
    const [work] = await rowsOf<{ id: string }>(
      test.store,
      `select id from assay.experiment_cells where experiment_id = $1 and pass = $2 and supersedes = $3`,
      [experimentId, opened.pass.pass, cell],
    );
    const ids = [`score-${cell}`];
    const records = [{ kind: 'scores', traceId: `trace-${cell}`, ids, body: '["newer"]' }] as const;
    await commitJudgements(test.store, [
      judgementOf(work?.id ?? '', cell, [
        { platform: 'langfuse', partition: experimentId, records },
      ]),
    ]);
    const newer = await rowsOfKind(of, 'scores');
    await exporter.send({ kind: 'scores', rows: newer });
    requests.splice(0);
    // As a repair does that saw none of them there.
    await requeueRows(
      test.store,
      [...older, ...newer].map(({ rowId }) => rowId),
    );
    // The older one after the newer one.
    await test.store.query(
      `update assay.outbox_exports set intended_at = clock_timestamp()
        where partition = $1 and row_ids && $2::bigint[]`,
      [experimentId, older.map(({ rowId }) => rowId)],
    );
    expect(await exporter.settle()).toMatchObject({ state: 'moved', open: 0 });
    expect(requests).toEqual([ids, [`score-${cellIds[1] ?? ''}`]]);
    await session.close();
  });
});
