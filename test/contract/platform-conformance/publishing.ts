import { describe, expect, it } from '@jest/globals';

import type { Platform, PlatformRun } from '../../../src/platforms/port.js';
import type { Suite } from './suite.js';
import {
  contextOf,
  deliver,
  eventually,
  expectedScores,
  expectedSpans,
  itemOf,
  ofKind,
  outgoing,
  prepareRun,
  recordsOf,
  runScoresOf,
  scoresWhere,
  settled,
  shownScores,
  shownSpans,
  soon,
  type PreparedRun,
} from './work.js';

/** Runs, and what stands of them. */
export function describePublishing({ server, traits }: Suite): void {
  const platform = (): Platform => server().platform;
  const { visibleWithinMs } = traits;
  const spansOnceShown = (run: PreparedRun, count: number): Promise<readonly string[]> =>
    settled(() => shownSpans(platform(), run), count, traits);

  describe('a run', () => {
    it('that is prepared again is the same one, with a run there for each repetition', async () => {
      const { context } = await prepareRun(platform(), { items: 1, repetitions: 3 });
      const { run } = context;
      expect(run).toMatchObject({ platform: platform().name, datasetName: expect.any(String) });
      expect(new Set(run.runs.map(({ id }) => id)).size).toBe(3);
      expect(new Set(run.runs.map(({ name }) => name)).size).toBe(3);
      expect(await again(run, { context, repetitions: 3 })).toEqual(run);
      // More repetitions leave those that are there as they are.
      const extended = await again(run, { context, repetitions: 4 });
      expect(extended.runs.slice(0, 3)).toEqual(run.runs);
      expect(extended.runs).toHaveLength(4);
    });

    it('is a conflict with one of its name that stands there from elsewhere', async () => {
      const run = await prepareRun(platform(), { items: 1 });
      await deliver(platform(), recordsOf(platform(), run));
      await spansOnceShown(run, 1);
      const stranger = contextOf(run.context.experiment);
      const look = (): Promise<unknown> =>
        again(run.context.run, { context: stranger, repetitions: 1 }).catch(
          (error: unknown) => error,
        );
      const isSo = (seen: unknown): boolean => seen instanceof Error;
      expect(await eventually(look, isSo, visibleWithinMs)).toMatchObject({
        code: 'EXPERIMENT_EXISTS_ELSEWHERE',
      });
      // The same before anything is read of a new run: whoever's it is, since here nobody knows it.
      const { experiment } = run.context;
      await expect(taken(experiment, run.context.run.datasetName)).rejects.toMatchObject({
        code: 'EXPERIMENT_EXISTS_ELSEWHERE',
      });
    });

    it('may have a name that nothing there has, also over a dataset that is not there yet', async () => {
      const { context } = await prepareRun(platform(), { items: 1 });
      const { experiment } = contextOf(`${context.experiment}-free`);
      await taken(experiment, context.run.datasetName);
      await taken(experiment, `${context.run.datasetName}-unknown`);
    });

    const taken = (experiment: string, datasetName: string): Promise<void> =>
      platform().refuseTakenName({ experiment, datasetName, signal: soon() });

    const again = (
      { datasetId, datasetName }: PlatformRun,
      of: { readonly context: ReturnType<typeof contextOf>; readonly repetitions: number },
    ): Promise<PlatformRun> =>
      platform().prepareRun({ ...of, datasetId, datasetName, signal: soon() });
  });

  describe('cells', () => {
    it('are encoded as the same bytes each time, under ids of their own', async () => {
      const run = await prepareRun(platform(), { items: 2 });
      const records = recordsOf(platform(), run);
      expect(recordsOf(platform(), run)).toEqual(records);
      const spans = expectedSpans(records);
      expect(new Set(spans).size).toBe(spans.length);
      expect(ofKind(records, 'spans').length).toBeGreaterThan(0);
      expect(ofKind(records, 'scores').length).toBeGreaterThan(0);
    });

    it('stand there once each, with every score, and no other run sees them', async () => {
      const run = await prepareRun(platform(), { items: 60 });
      const other = await prepareRun(platform(), { items: 1 });
      const records = recordsOf(platform(), run);
      const ofOther = recordsOf(platform(), other);
      await deliver(platform(), [...records, ...ofOther]);
      const spans = expectedSpans(records);
      expect(await spansOnceShown(run, spans.length)).toEqual(spans);
      const scores = expectedScores(records);
      expect(scores).toHaveLength(180);
      expect(
        await settled(() => shownScores(platform(), run, records), scores.length, traits),
      ).toEqual(scores);
      expect(await spansOnceShown(other, 1)).toEqual(expectedSpans(ofOther));
    });

    it('that are sent twice are told from those that were sent once', async () => {
      const run = await prepareRun(platform(), { items: 2 });
      const spans = ofKind(recordsOf(platform(), run), 'spans');
      await deliver(platform(), spans);
      await spansOnceShown(run, expectedSpans(spans).length);
      await deliver(platform(), spans);
      const expected = expectedSpans(spans);
      const doubled = [...expected, ...expected].sort();
      const shownAgain = traits.resentSpans === 'shown_again';
      expect(await spansOnceShown(run, shownAgain ? doubled.length : expected.length)).toEqual(
        shownAgain ? doubled : expected,
      );
    });

    it('lose nothing to text that is half a character or a NUL', async () => {
      const run = await prepareRun(platform(), { items: 1 });
      const output = `half \uD83D nul \0 quote " \\ </script> \u2028 \u202E`;
      const records = platform().encodeCell(run.cellOf(0, { output }), itemOf(0), run.context);
      await deliver(platform(), records);
      const expected = expectedSpans(records);
      expect(await spansOnceShown(run, expected.length)).toEqual(expected);
      const scores = expectedScores(records);
      expect(
        await settled(() => shownScores(platform(), run, records), scores.length, traits),
      ).toEqual(scores);
    });

    it('are read as a trace: calls below their target, with tokens, cost and scores', async () => {
      const run = await prepareRun(platform(), { items: 1 });
      const records = recordsOf(platform(), run);
      await deliver(platform(), records);
      const traceId = records[0]?.traceId ?? '';
      const trace = await eventually(
        () =>
          platform()
            .readTrace(traceId, soon())
            .catch(() => undefined),
        (seen) => seen?.scores.length === 3,
        visibleWithinMs,
      );
      expect(trace).toMatchObject({ id: traceId, url: expect.stringMatching(/^https?:/) });
      const { observations = [], scores = [] } = trace ?? {};
      expect(observations.map(({ id }) => id).sort()).toEqual(
        [...(ofKind(records, 'spans')[0]?.ids ?? [])].sort(),
      );
      const [root] = observations;
      expect(root?.parentId).toBeUndefined();
      const call = observations.find(({ model }) => model === 'gpt-4o-mini');
      expect(call).toMatchObject({ inputTokens: 100, outputTokens: 20 });
      const target = observations.find(({ id }) => id === call?.parentId);
      expect(target).toMatchObject({ name: 'triage', parentId: root?.id });
      expect(scores.map(({ name }) => name).sort()).toEqual(['category', 'kind', 'tone']);
      expect(scores.find(({ name }) => name === 'tone')).toMatchObject({
        value: 0.75,
        comment: expect.stringContaining('Polite.'),
      });
    });

    it('of nobody are no trace', async () => {
      const run = await prepareRun(platform(), { items: 1 });
      const [never] = recordsOf(platform(), run);
      await expect(platform().readTrace(never?.traceId ?? '', soon())).rejects.toMatchObject({
        code: 'TRACE_NOT_FOUND',
      });
    });

    it('that were deleted are gone, those of others stay, and deleting again is no error', async () => {
      if (platform().deleteTraces === undefined) throw new Error('It deletes no traces.');
      const run = await prepareRun(platform(), { items: 2 });
      const records = recordsOf(platform(), run);
      await deliver(platform(), records);
      await spansOnceShown(run, expectedSpans(records).length);
      const [gone, stays] = [...new Set(records.map(({ traceId }) => traceId))];
      for (let time = 1; time <= 2; time += 1)
        await platform().deleteTraces?.([gone ?? ''], soon());
      const left = expectedSpans(records.filter(({ traceId }) => traceId === stays));
      expect(
        await eventually(
          () => shownSpans(platform(), run),
          ({ length }) => length <= left.length,
          visibleWithinMs,
        ),
      ).toEqual(left);
    });
  });

  describe('a later judgement', () => {
    it('takes the place of the scores that it changes, and adds its calls to the trace', async () => {
      const run = await prepareRun(platform(), { items: 1 });
      const cell = run.cellOf(0);
      const first = platform().encodeCell(cell, itemOf(0), run.context);
      await deliver(platform(), first);
      await spansOnceShown(run, expectedSpans(first).length);
      const judged = {
        ...cell,
        scores: cell.scores.map((score) =>
          score.name === 'tone'
            ? { ...score, value: { type: 'NUMERIC' as const, value: 0.25 } }
            : score,
        ),
      };
      const calls = cell.calls
        .filter(({ purpose }) => purpose === 'judge')
        .map((call) => ({ ...call, endedAt: new Date().toISOString() }));
      const later = platform().encodeJudgement({
        cell: judged,
        item: itemOf(0),
        run: run.context,
        pass: 2,
        calls,
        failures: [],
      });
      await deliver(platform(), later);
      // As the engine does: what is in no record any more goes, where the platform knows a score by its content.
      const given = new Set(expectedScores(later));
      for (const id of expectedScores(first))
        if (!given.has(id)) await platform().deleteScore?.(id, soon());
      const all = [...first, ...later];
      expect(await spansOnceShown(run, expectedSpans(all).length)).toEqual(expectedSpans(all));
      const trace = await eventually(
        () => platform().readTrace(first[0]?.traceId ?? '', soon()),
        ({ scores }) =>
          scores.length === 3 &&
          scores.some(({ name, value }) => name === 'tone' && value === 0.25),
        visibleWithinMs,
      );
      expect(trace.scores.map(({ name }) => name).sort()).toEqual(['category', 'kind', 'tone']);
      expect(trace.scores.find(({ name }) => name === 'tone')?.value).toBe(0.25);
    });
  });

  describe('the scores of a run as a whole', () => {
    it('stand at its runs once, also where they are sent again', async () => {
      const run = await prepareRun(platform(), { items: 1, repetitions: 2 });
      // A run may be there only once it has a cell.
      for (const repetition of [1, 2]) {
        const cell = run.cellOf(0, { repetition });
        await deliver(platform(), platform().encodeCell(cell, itemOf(0), run.context));
      }
      const records = runScoresOf(platform(), run, ['tone', 'verdict']);
      const scoreIds = records.flatMap(({ ids }) => ids).sort();
      expect(scoreIds).toHaveLength(4);
      const runIds = [...new Set(records.map(({ runId }) => runId))];
      expect(runIds.every((id) => run.context.run.runs.some((each) => each.id === id))).toBe(true);
      for (let time = 1; time <= 2; time += 1) await deliver(platform(), outgoing(records));
      expect(
        await settled(() => scoresWhere(platform(), run, { runIds, scoreIds }), 4, traits),
      ).toEqual(scoreIds);
    });
  });
}
