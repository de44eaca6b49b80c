import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { replayTarget } from '../../src/core/calibration/replay.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';

const project = 'judges';
const rubric = '- Apologises for the double charge\\n- Names the refund of the order';
const good = 'We apologise for the double charge. The refund of your order is on its way.';
const bad = 'Please read our terms.';

const labelled = [
  { id: 'L-1', inputs: { text: 'I paid twice' }, output: good, label: true },
  { id: 'L-2', inputs: { text: 'I paid twice' }, output: bad, label: false },
  { id: 'L-3', inputs: { text: 'Twice!' }, output: `${good} Sorry.`, label: true },
  // People let it pass and the judge does not.
  { id: 'L-4', inputs: { text: 'Twice!' }, output: 'Handled, thank you.', label: true },
];
const anchors = [
  { id: 'A-good', input: { text: 'I paid twice' }, output: good, passed: true },
  { id: 'A-bad', input: { text: 'I paid twice' }, output: bad, passed: false },
  { id: 'A-wrong', input: { text: 'I paid twice' }, output: bad, passed: true },
];

describe('judges', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      files: {
        'assay.config.ts': configFile({
          project,
          prelude: `
            const good = () => ${JSON.stringify(good)};`,
          targets: `good: { kind: 'function', run: good, evaluators: ['anchored'] },`,
          evaluators: `
            tone: { kind: 'llm_judge', model: 'small', rubric: '${rubric}', passAt: 1 },
            anchored: { kind: 'llm_judge', model: 'small', rubric: '${rubric}', anchorsFile: 'anchors.json' },
            reference: { kind: 'llm_judge', model: 'small', builtIn: 'correctness', reference: 'optional' },
            pair: { kind: 'llm_pairwise', model: 'small', rubric: '${rubric}' },`,
        }),
        ...datasetFiles(4),
        ...promptFiles,
        'anchors.json': JSON.stringify(anchors),
        'datasets/labels/labels.jsonl': labelled.map((each) => JSON.stringify(each)).join('\n'),
        'datasets/pairs/labels.json': JSON.stringify([
          { id: 'P-1', output: good, expected: bad, label: 'output' },
          { id: 'P-2', output: bad, expected: good, label: 'other' },
          { id: 'P-3', output: good, expected: `${good} Bye.`, label: 'tie' },
        ]),
        'datasets/mixed/labels.json': JSON.stringify([
          { id: 'M-1', output: good, label: true },
          { id: 'M-1', output: good, label: 0.5 },
        ]),
      },
    });
    await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  const calibrate = (name: string, judge: string, set: string) =>
    harness.run({
      name,
      target: replayTarget,
      dataset: { name: set },
      evaluators: [judge],
      verify: 'off',
    });
  const callsDuring = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const before = (await harness.paidCalls()).size;
    const result = await work();
    const after = await harness.paidCalls();
    expect([...after.values()].every((times) => times === 1)).toBe(true);
    return [result, after.size - before];
  };

  it('are calibrated by a run over the labelled set, which pays once for each item', async () => {
    const [view, calls] = await callsDuring(() => calibrate('cal', 'tone', 'labels'));
    expect(view).toMatchObject({ status: 'completed', counts: { planned: 4, ok: 4 } });
    expect(calls).toBe(4);
    const [judge] = (await harness.client.judges.calibration({ project, name: 'cal' })).judges;
    expect(judge).toMatchObject({
      judge: { name: 'tone', kind: 'pointwise', model: 'openai/demo-small', passAt: 1 },
      counts: { planned: 4, judged: 4, abstained: 0, errors: 0 },
      truePositiveRate: { value: 2 / 3, n: 3 },
      trueNegativeRate: { value: 1, n: 1 },
      kappa: { value: 0.5, n: 4 },
    });
    expect(await harness.client.judges.calibrationText({ project, name: 'cal' })).toContain(
      'kappa',
    );
    // The same command again is the same run.
    const [again, more] = await callsDuring(() => calibrate('cal', 'tone', 'labels'));
    expect(again.id).toBe(view.id);
    expect(more).toBe(0);
  });

  it('that compare are asked in both orders, and tell of their position bias', async () => {
    const [view, calls] = await callsDuring(() => calibrate('pairs', 'pair', 'pairs'));
    expect(view.status).toBe('completed');
    expect(calls).toBe(6);
    const [judge] = (await harness.client.judges.calibration({ project, name: 'pairs' })).judges;
    expect(judge).toMatchObject({
      counts: { judged: 3 },
      truePositiveRate: { value: 1, n: 1 },
      trueNegativeRate: { value: 1, n: 1 },
      position: { changed: { n: 3 } },
    });
  });

  it('that always abstain end no cell in an error, and the calibration says why it is empty', async () => {
    const view = await calibrate('silent', 'reference', 'labels');
    expect(view).toMatchObject({ status: 'completed', counts: { ok: 4, evaluator_error: 0 } });
    const [judge] = (await harness.client.judges.calibration({ project, name: 'silent' })).judges;
    expect(judge).toMatchObject({
      counts: { planned: 4, judged: 0, abstained: 4 },
      kappa: { value: null, because: 'the judge abstained on all 4 items' },
    });
    for await (const cell of harness.client.experiments.results({ project, name: 'silent' })) {
      expect(cell.scores.map(({ name }) => name)).toEqual(['reference.abstained']);
      expect(cell.scores[0]?.comment?.judge).toMatchObject({ model: 'openai/demo-small' });
    }
  });

  it('that always abstain make a gate inconclusive, with that as the reason', async () => {
    await calibrate('silent-again', 'reference', 'labels');
    const key = { project, name: 'silence' };
    await harness.client.gates.start({
      ...key,
      head: { kind: 'run', name: 'silent-again' },
      base: { kind: 'run', name: 'silent' },
      settings: { missing: 'exclude' },
    });
    const gate = await harness.client.gates.wait(key, { timeoutMs: 60_000 });
    const reason =
      'Neither run has this score: its judge abstained in all 4 cells of head and in all 4 cells of the base.';
    expect(gate).toMatchObject({
      verdict: 'inconclusive',
      comparison: {
        reasons: [`reference: ${reason}`],
        evaluators: [{ name: 'reference', verdict: 'inconclusive', code: 'no_scores', reason }],
      },
    });
  });

  it('are refused a set that is none, with all that is wrong', async () => {
    await expect(calibrate('mixed', 'tone', 'mixed')).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      problems: [{ message: expect.stringContaining('another kind') }],
    });
    await expect(calibrate('plain', 'tone', 'items')).rejects.toMatchObject({
      code: 'LABELS_INVALID',
      problems: [
        { at: 'output', message: 'no item has the member "output"' },
        { at: 'label', message: 'no item has the member "label"' },
      ],
    });
    await expect(calibrate('nobody', 'nobody', 'labels')).rejects.toMatchObject({
      code: 'EVALUATOR_NOT_FOUND',
    });
    await harness.run({ name: 'usual', target: 'good' });
    await expect(
      harness.client.judges.calibration({ project, name: 'usual' }),
    ).rejects.toMatchObject({ code: 'CALIBRATION_NOT_FOUND' });
  });

  it('pay for one repair of what cannot be read, then fail with both answers kept', async () => {
    await harness.model.admin('POST', '/admin/faults', { kind: 'content', text: 'fence', next: 1 });
    const [repaired, calls] = await callsDuring(() => calibrate('mended', 'tone', 'labels'));
    expect(repaired.counts).toMatchObject({ ok: 4 });
    expect(calls).toBe(5);
    await harness.model.admin('POST', '/admin/faults', { kind: 'content', text: 'fence' });
    const [failed, twice] = await callsDuring(() => calibrate('broken', 'tone', 'labels'));
    await harness.model.admin('DELETE', '/admin/faults');
    expect(failed.counts).toMatchObject({ ok: 0, evaluator_error: 4 });
    expect(twice).toBe(8);
    for await (const cell of harness.client.experiments.results({ project, name: 'broken' })) {
      expect(cell.evaluatorFailures[0]?.error).toMatchObject({
        code: 'JUDGE_VERDICT_INVALID',
        problems: [
          { at: 'answer', message: expect.stringContaining('Here you are:') },
          { at: 'repaired answer', message: expect.stringContaining('Here you are:') },
        ],
      });
      expect(cell.calls.map(({ path }) => path)).toEqual([
        'judge:tone/call/1',
        'judge:tone/call/2',
      ]);
    }
    const document = await harness.client.judges.calibration({ project, name: 'broken' });
    expect(document.judges[0]).toMatchObject({
      counts: { errors: 4 },
      agreement: { because: 'the judge failed on all 4 items' },
    });
  });

  it('are asked about their anchors in each run, beside its cells and not among them', async () => {
    const plan = await harness.client.experiments.estimate({
      project,
      name: 'first',
      dataset: { name: 'items' },
      target: 'good',
    });
    const planned = plan.parts.filter(({ purpose }) => purpose === 'judge');
    expect(planned).toMatchObject([
      { scope: 'judge:anchored', calls: { low: 4, high: 4 } },
      {
        scope: 'judge:anchored/anchors',
        calls: { low: 3, high: 3, basis: expect.stringContaining('up to 3 more') },
      },
    ]);
    const [view, calls] = await callsDuring(() => harness.run({ name: 'first', target: 'good' }));
    expect(view).toMatchObject({ status: 'completed', counts: { planned: 4, ok: 4 } });
    expect(calls).toBe(4 + 3);
    const report = JSON.parse(
      await harness.client.experiments.report({ project, name: 'first' }, 'json'),
    ) as { readonly anchors: readonly unknown[] };
    expect(report.anchors).toMatchObject([
      {
        evaluator: 'anchored',
        planned: 3,
        judged: 3,
        calls: 3,
        agreement: { value: 2 / 3, n: 3 },
        disagreements: [{ id: 'A-wrong', expected: true, score: 0 }],
      },
    ]);
    expect(view.publication[0]).toMatchObject({ expectedRunScores: 2, verifiedRunScores: 2 });
    await harness.run({ name: 'second', target: 'good' });
    const text = await harness.client.experiments.report({ project, name: 'second' }, 'markdown');
    expect(text).toContain('## The judges themselves');
    expect(text).toMatch(/since `first`, the same model and prompt: 0 on the same 3 anchors/);
  });

  it('tell the gate how much of a change they are', async () => {
    const key = { project, name: 'moved' };
    await harness.client.gates.start({
      ...key,
      head: { kind: 'run', name: 'second' },
      base: { kind: 'run', name: 'first' },
    });
    const gate = await harness.client.gates.wait(key, { timeoutMs: 60_000 });
    expect(gate.judges).toMatchObject([
      {
        evaluator: 'anchored',
        experiment: 'first',
        sameJudge: true,
        difference: { value: 0, n: 3 },
        flips: [],
      },
    ]);
    const text = await harness.client.gates.markdown(key);
    expect(text).toContain('`anchored` since `first`, the same model and prompt');
    const page = await harness.client.experiments.report({ project, name: 'second' }, 'html');
    expect(page).toContain('How much of it is the judge');
  });

  it('are asked about them again where they judge again, as new calls', async () => {
    const key = { project, name: 'first' };
    const [, calls] = await callsDuring(async () => {
      await harness.client.experiments.rejudge(key, { evaluators: ['anchored'] });
      return harness.client.experiments.wait(key, { timeoutMs: 60_000 });
    });
    expect(calls).toBe(4 + 3);
  });
});
