import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { judgeCall } from '../unit/platforms/langfuse/cell-fixture.js';
import { all, clientOf } from './langsmith-server-support.js';
import {
  encodeCells,
  exportOf,
  idsOf,
  Place,
  readScores,
  readSpans,
  scoresOf,
  soon,
  spansOf,
} from './platform-langsmith-support.js';

const bulk = '/runs/multipart';
let place: Place;

beforeAll(async () => {
  place = await Place.start();
});
afterEach(() => {
  place.server.faults.clear();
  place.server.setDelays({ runsMs: 0, feedbackMs: 0 });
});
afterAll(() => place.close());

const bulkRequests = (): number =>
  Object.entries(place.server.requests.counts())
    .filter(([route]) => route.startsWith(`POST ${bulk}`))
    .reduce((sum, [, count]) => sum + count, 0);

describe('publishing runs', () => {
  it('sends a batch in one request, and each run stands there once', async () => {
    const context = await place.prepare();
    const batch = spansOf(encodeCells(place.platform, context, { count: 20 }));
    const before = bulkRequests();
    expect(await place.platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
    expect(bulkRequests() - before).toBe(1);
    const rows = await readSpans(place.platform, context);
    expect(rows.map(({ spanId }) => spanId).sort()).toEqual(idsOf(batch));
  });

  it('takes a repeat of all of it as success, and changes nothing', async () => {
    const context = await place.prepare();
    const batch = spansOf(encodeCells(place.platform, context, { count: 3 }));
    await place.platform.send(batch, soon());
    expect(await place.platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
    const rows = await readSpans(place.platform, context);
    expect(rows.map(({ spanId }) => spanId).sort()).toEqual(idsOf(batch));
    expect(place.server.inspect.runs.every(({ posts }) => posts === 1)).toBe(true);
  });

  it.each(['take', 'take-and-409', 'refuse'] as const)(
    'loses nothing of a batch of which a part was received before, where the server does: %s',
    async (partlyRepeated) => {
      const own = await Place.start({ partlyRepeated });
      const context = await own.prepare();
      const cells = encodeCells(own.platform, context, { count: 4 });
      await own.platform.send(spansOf(cells.slice(0, 2)), soon());
      const batch = spansOf(cells);
      expect(await own.platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
      const rows = await readSpans(own.platform, context);
      expect(rows.map(({ spanId }) => spanId).sort()).toEqual(idsOf(batch));
      expect(own.server.inspect.runs.every(({ posts }) => posts === 1)).toBe(true);
      await own.close();
    },
  );

  it('finds all of an export whose answer was lost, and a resend makes no second one', async () => {
    const context = await place.prepare();
    const batch = spansOf(encodeCells(place.platform, context, { count: 3 }));
    place.server.faults.order({ kind: 'commit_then_drop', next: 1, pathPrefix: bulk });
    expect(await place.platform.send(batch, soon())).toMatchObject({ outcome: 'ambiguous' });
    expect([...(await place.platform.findExport(batch, soon()))].sort()).toEqual(idsOf(batch));
    expect(await place.platform.send(batch, soon())).toMatchObject({ outcome: 'accepted' });
    expect(await readSpans(place.platform, context)).toHaveLength(idsOf(batch).length);
  });

  it('names a prompt by its version there, whatever another platform of the run calls it', async () => {
    const context = await place.prepare();
    const prompt = { name: 'triage', version: 2, commit: 'c0ffee', source: 'platform' };
    const [encoded] = encodeCells(place.platform, {
      ...context,
      run: { ...context.run, prompt },
    });
    const runs = JSON.parse(encoded?.spans.body ?? '[]') as readonly {
      readonly extra?: { readonly metadata?: Readonly<Record<string, unknown>> };
    }[];
    const named = runs.flatMap(({ extra }) => (extra?.metadata ? [extra.metadata] : []));
    const marks = named.filter((metadata) => metadata['assay.prompt'] !== undefined);
    // The root, and the call that was made with it.
    expect(marks.length).toBeGreaterThan(1);
    for (const each of marks) {
      expect(each).toMatchObject({
        'assay.prompt': 'triage',
        'assay.prompt_version': 2,
        lc_hub_repo: 'triage',
        lc_hub_commit_hash: 'c0ffee',
      });
    }
  });

  it('finds nothing of an export that never arrived, nor what is not shown yet', async () => {
    const context = await place.prepare();
    const batch = spansOf(encodeCells(place.platform, context));
    place.server.faults.order({ kind: 'server_error', next: 1, pathPrefix: bulk });
    expect(await place.platform.send(batch, soon())).toMatchObject({ outcome: 'ambiguous' });
    expect((await place.platform.findExport(batch, soon())).size).toBe(0);
    place.server.setDelays({ runsMs: 60_000 });
    expect(await place.platform.send(batch, soon())).toMatchObject({ outcome: 'accepted' });
    expect((await place.platform.findExport(batch, soon())).size).toBe(0);
  });

  it('waits as long as a 429 asks, and has sent nothing', async () => {
    const context = await place.prepare();
    const batch = spansOf(encodeCells(place.platform, context));
    place.server.faults.order({
      kind: 'rate_limit',
      next: 1,
      pathPrefix: bulk,
      retryAfterSeconds: 7,
    });
    expect(await place.platform.send(batch, soon())).toMatchObject({
      outcome: 'later',
      retryAfterMs: 7_000,
    });
    expect(await readSpans(place.platform, context)).toEqual([]);
  });

  it('ends at its deadline without a clear answer', async () => {
    const context = await place.prepare();
    const batch = spansOf(encodeCells(place.platform, context));
    place.server.faults.order({ kind: 'slow', next: 1, pathPrefix: bulk, delayMs: 900 });
    const outcome = await place.platform.send(batch, AbortSignal.timeout(200));
    expect(outcome).toMatchObject({ outcome: 'ambiguous' });
  });

  it('sends nothing where it may not leave, or where nobody listens', async () => {
    const context = await place.prepare();
    const batch = spansOf(encodeCells(place.platform, context));
    const before = bulkRequests();
    expect(await place.platform.send(batch, soon(), () => false)).toMatchObject({
      outcome: 'unreachable',
    });
    expect(bulkRequests()).toBe(before);
    const nobody = place.another({ endpoint: 'http://127.0.0.1:9' });
    expect(await nobody.send(batch, soon())).toMatchObject({ outcome: 'unreachable' });
  });

  it('is refused with another key, which no message shows', async () => {
    const context = await place.prepare();
    const stranger = place.another({ apiKey: 'lsv2_hunter2' });
    const outcome = await stranger.send(spansOf(encodeCells(stranger, context)), soon());
    expect(outcome).toMatchObject({ outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED' });
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
  });

  it('says that a batch may be split where the server refuses what one record holds', async () => {
    const context = await place.prepare();
    const cells = encodeCells(place.platform, context, { count: 2 });
    const bad = spansOf(cells).records.map((record, index) =>
      index === 0 ? { ...record, body: record.body.replace('"chain"', '"nonsense"') } : record,
    );
    const batch = { ...spansOf(cells), records: bad };
    expect(await place.platform.send(batch, soon())).toMatchObject({
      outcome: 'refused',
      code: 'PLATFORM_REFUSED',
      splittable: true,
    });
    const alone = await place.platform.send({ ...batch, records: bad.slice(0, 1) }, soon());
    expect(alone).toMatchObject({ outcome: 'refused', splittable: false });
    const good = await place.platform.send({ ...batch, records: bad.slice(1) }, soon());
    expect(good).toMatchObject({ outcome: 'accepted' });
  });

  it('loses one bad run of a trace and no other, and names it', async () => {
    const context = await place.prepare();
    const [encoded] = encodeCells(place.platform, context);
    if (encoded === undefined) throw new Error('no cell');
    const runs = JSON.parse(encoded.spans.body) as { spanId: string; run: { run_type: string } }[];
    const bad = runs.at(-1);
    if (bad === undefined) throw new Error('no run');
    bad.run.run_type = 'nonsense';
    const batch = exportOf([{ ...encoded.spans, body: JSON.stringify(runs) }]);
    expect(await place.platform.send(batch, soon())).toEqual({
      outcome: 'accepted',
      refused: [
        {
          rowId: 'row-0',
          id: bad.spanId,
          reason: expect.stringMatching(/^the run "judge-model": 422: .*run_type/),
        },
      ],
    });
    const rows = await readSpans(place.platform, context);
    expect(rows.map(({ spanId }) => spanId).sort()).toEqual(
      idsOf(batch).filter((id) => id !== bad.spanId),
    );
  });

  it('leaves nothing of a trace whose root is refused', async () => {
    const context = await place.prepare();
    const [encoded] = encodeCells(place.platform, context);
    if (encoded === undefined) throw new Error('no cell');
    const batch = exportOf([
      { ...encoded.spans, body: encoded.spans.body.replace('"chain"', '"nonsense"') },
    ]);
    expect(await place.platform.send(batch, soon())).toMatchObject({
      outcome: 'refused',
      code: 'PLATFORM_REFUSED',
      splittable: false,
      reason: expect.stringContaining(`the run "${context.experiment}"`),
    });
    expect(await readSpans(place.platform, context)).toEqual([]);
  });

  it('adds a later judgement below the root that stands there', async () => {
    const context = await place.prepare();
    const [encoded] = encodeCells(place.platform, context);
    if (encoded === undefined) throw new Error('no cell');
    await place.platform.send(spansOf([encoded]), soon());
    const call = {
      ...judgeCall,
      startedAt: '2026-11-20T11:00:00.000Z',
      endedAt: '2026-11-20T11:00:01.000Z',
    };
    const records = place.platform.encodeJudgement({
      cell: encoded.cell,
      item: encoded.item,
      run: context,
      pass: 2,
      calls: [call],
      failures: [],
    });
    const spans = exportOf(records.filter(({ kind }) => kind === 'spans'));
    expect(await place.platform.send(spans, soon())).toMatchObject({ outcome: 'accepted' });
    const traces = new Set(
      (await readSpans(place.platform, context)).map(({ traceId }) => traceId),
    );
    expect([...traces]).toEqual([encoded.spans.traceId]);
    const evaluator = place.server.inspect.runs.find(({ id }) => id === spans.records[0]?.ids[0]);
    expect(evaluator?.parentRunId).toBe(encoded.spans.traceId);
  });
});

describe.each(['replace', 'refuse'] as const)('publishing feedback, repeats: %s', (repeats) => {
  let own: Place;
  beforeAll(async () => {
    own = await Place.start({ repeatedFeedback: repeats });
  });
  afterAll(() => own.close());

  it('stands once however often it is sent, and is read back by trace', async () => {
    const context = await own.prepare();
    const cells = encodeCells(own.platform, context, { count: 3 });
    const batch = scoresOf(cells);
    await own.platform.send(spansOf(cells), soon());
    for (const time of [1, 2]) {
      expect([time, await own.platform.send(batch, soon())]).toEqual([
        time,
        { outcome: 'accepted', refused: [] },
      ]);
    }
    const traceIds = cells.map(({ spans }) => spans.traceId);
    expect(await readScores(own.platform, context, { traceIds })).toEqual(idsOf(batch));
    expect([...(await own.platform.findExport(batch, soon()))].sort()).toEqual(idsOf(batch));
  });

  it('refuses one bad score of a cell and keeps the others, and names which and why', async () => {
    const context = await own.prepare();
    const [encoded, other] = encodeCells(own.platform, context, { count: 2 });
    if (encoded === undefined || other === undefined) throw new Error('no cell');
    await own.platform.send(spansOf([encoded]), soon());
    const list = JSON.parse(encoded.scores.body) as { id: string; key: string; score?: number }[];
    const bad = list.find(({ key }) => key === 'tone');
    if (bad === undefined) throw new Error('no score');
    bad.score = 123_456.75;
    const record = { ...encoded.scores, body: JSON.stringify(list) };
    const refused = [
      {
        rowId: 'row-0',
        id: bad.id,
        reason: expect.stringMatching(/^the score "tone": 422: .*9 digits/),
      },
    ];
    // Again, as after a lost answer: what stands there stands once.
    for (const time of [1, 2]) {
      expect([time, await own.platform.send(exportOf([record]), soon())]).toEqual([
        time,
        { outcome: 'accepted', refused },
      ]);
    }
    const traceIds = [encoded.spans.traceId];
    expect(await readScores(own.platform, context, { traceIds })).toEqual(
      encoded.scores.ids.filter((id) => id !== bad.id).sort(),
    );
    // With another cell's in one request the publisher halves, as it does for traces.
    const both = exportOf([record, other.scores]);
    expect(await own.platform.send(both, soon())).toMatchObject({
      outcome: 'refused',
      splittable: true,
    });
  });

  it('replaces a score by another record where a later judgement says otherwise', async () => {
    const context = await own.prepare();
    const [first] = encodeCells(own.platform, context);
    const [second] = encodeCells(own.platform, context, {
      change: {
        scores: [
          { name: 'tone', evaluator: 'tone', value: { type: 'NUMERIC', value: 0.123_456 } },
          {
            name: 'category',
            evaluator: 'category',
            value: { type: 'BOOLEAN', value: true },
            passed: true,
          },
        ],
      },
    });
    if (first === undefined || second === undefined) throw new Error('no cell');
    await own.platform.send(scoresOf([first]), soon());
    // One of them stands there unchanged already.
    expect(await own.platform.send(scoresOf([second]), soon())).toMatchObject({
      outcome: 'accepted',
    });
    const gone = first.scores.ids.filter((id) => !second.scores.ids.includes(id));
    expect(gone).toHaveLength(2);
    for (const id of [...gone, ...gone]) await own.platform.deleteScore?.(id, soon());
    const traceIds = [first.spans.traceId];
    expect(await readScores(own.platform, context, { traceIds })).toEqual(
      [...second.scores.ids].sort(),
    );
    const tone = own.server.inspect.feedback.find(
      ({ key, runId }) => key === 'tone' && runId === second.spans.traceId,
    );
    expect(tone).toMatchObject({ score: 0.1235, value: 0.123_456 });
  });

  it('puts scores of the run as a whole on its sessions, once each', async () => {
    const context = await own.prepare(2);
    const comment = { passed_items: [], failed_items: [], reasoning: '2 of 2', suggestions: [] };
    const records = own.platform.encodeRunScores({
      scores: [
        { repetition: 1, name: 'category', evaluator: 'category', value: 1, comment },
        { repetition: 2, name: 'verdict', evaluator: 'gate', value: 'pass', comment },
      ],
      run: context,
      timestamp: '2026-11-20T10:05:00.000Z',
    });
    const batch = exportOf(
      records.map(({ body, ids }) => ({ kind: 'scores' as const, traceId: '', body, ids })),
    );
    for (const _time of [1, 2]) {
      expect(await own.platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
    }
    const runIds = context.run.runs.map(({ id }) => id);
    expect(await readScores(own.platform, context, { runIds })).toEqual(idsOf(batch));
    const sessions = own.server.inspect.feedback.filter(({ sessionId }) =>
      runIds.includes(sessionId ?? ''),
    );
    expect(sessions.map(({ key, runId }) => [key, runId]).sort()).toEqual([
      ['category', null],
      ['verdict', null],
    ]);
  });

  it('obeys a 429 amid scores of runs as a whole, and a resend completes them', async () => {
    const context = await own.prepare();
    const comment = { passed_items: [], failed_items: [], reasoning: '', suggestions: [] };
    const names = Array.from({ length: 12 }, (_, index) => `score-${index}`);
    const [record] = own.platform.encodeRunScores({
      scores: names.map((name) => ({ repetition: 1, name, evaluator: name, value: 1, comment })),
      run: context,
      timestamp: '2026-11-20T10:05:00.000Z',
    });
    if (record === undefined) throw new Error('no record');
    const batch = exportOf([{ kind: 'scores', traceId: '', body: record.body, ids: record.ids }]);
    own.server.faults.order({
      kind: 'rate_limit',
      next: 1,
      pathPrefix: '/feedback',
      retryAfterSeconds: 3,
    });
    expect(await own.platform.send(batch, soon())).toMatchObject({
      outcome: 'later',
      retryAfterMs: 3_000,
    });
    own.server.faults.clear();
    expect(await own.platform.send(batch, soon())).toMatchObject({ outcome: 'accepted' });
    const runIds = context.run.runs.map(({ id }) => id);
    expect(await readScores(own.platform, context, { runIds })).toEqual([...record.ids].sort());
  });
});

describe('what people and the official client see', () => {
  it('shows root, target, generation and judge with usage and cost to the official client', async () => {
    const context = await place.prepare();
    const cells = encodeCells(place.platform, context);
    await place.platform.send(spansOf(cells), soon());
    await place.platform.send(scoresOf(cells), soon());
    const client = clientOf(place.server);
    const [session] = context.run.runs;
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what most applications call today
    const runs = await all(client.listRuns({ projectName: session?.name ?? '' }));
    const byId = new Map(runs.map((run) => [run.id, run]));
    const chain = (id: string | undefined): readonly string[] => {
      const run = id === undefined ? undefined : byId.get(id);
      return run === undefined
        ? []
        : [...chain(run.parent_run_id ?? undefined), `${run.run_type}:${run.name}`];
    };
    expect(runs.map(({ id }) => chain(id).join(' > ')).sort()).toEqual([
      `chain:${context.experiment}`,
      `chain:${context.experiment} > chain:tone`,
      `chain:${context.experiment} > chain:tone > llm:judge-model`,
      `chain:${context.experiment} > chain:triage`,
      `chain:${context.experiment} > chain:triage > llm:gpt-4o-mini`,
    ]);
    const generation = runs.find(({ name }) => name === 'gpt-4o-mini');
    expect(generation?.extra?.['metadata']).toMatchObject({
      ls_model_name: 'gpt-4o-mini',
      usage_metadata: { input_tokens: 100, output_tokens: 20, total_cost: 0.000_027 },
    });
    const root = runs.find(({ parent_run_id: parent }) => !parent);
    expect(root?.reference_example_id).toMatch(/^[0-9a-f-]{36}$/);
    const feedback = await all(client.listFeedback({ runIds: [root?.id ?? ''] }));
    expect(feedback.map(({ key }) => key).sort()).toEqual(['category', 'kind', 'tone']);
  });

  it('reads a trace by its id there and by the engine’s, and names its page', async () => {
    const context = await place.prepare();
    const cells = encodeCells(place.platform, context);
    await place.platform.send(spansOf(cells), soon());
    await place.platform.send(scoresOf(cells), soon());
    const id = cells[0]?.spans.traceId ?? '';
    const root = place.server.inspect.runs.find((run) => run.id === id);
    const metadata = root?.extra['metadata'] as Readonly<Record<string, string>>;
    const hexId = metadata['assay.trace_id'] ?? '';
    expect(hexId).toMatch(/^[0-9a-f]{32}$/);
    const view = await place.platform.readTrace(hexId, soon());
    expect(view).toEqual(await place.platform.readTrace(id, soon()));
    expect(view.observations.map(({ name }) => name)).toEqual([
      context.experiment,
      'triage',
      'gpt-4o-mini',
      'tone',
      'judge-model',
    ]);
    expect(view.observations[2]).toMatchObject({
      type: 'llm',
      inputTokens: 100,
      outputTokens: 20,
      totalCost: 0.000_027,
      latencyMs: 800,
    });
    expect(view.scores.map(({ name, value }) => [name, value]).sort()).toEqual([
      ['category', true],
      ['kind', 'calm'],
      ['tone', 0.75],
    ]);
    const [session] = context.run.runs;
    const at = { run: context.run, repetition: 1, startedAt: '2026-11-20T10:00:00.000Z' };
    expect(place.platform.traceUrl(context.run.projectId, hexId, at)).toBe(
      `${place.server.url}/o/${context.run.projectId}/projects/p/${session?.id ?? ''}/r/${id}`,
    );
    await expect(place.platform.readTrace('0'.repeat(32), soon())).rejects.toMatchObject({
      code: 'TRACE_NOT_FOUND',
    });
  });

  it('deletes a trace that is not shown yet, beside one that is', async () => {
    const context = await place.prepare();
    const [shown, late] = encodeCells(place.platform, context, { count: 2 });
    if (shown === undefined || late === undefined) throw new Error('no cell');
    await place.platform.send(spansOf([shown]), soon());
    place.server.setDelays({ runsMs: 400 });
    await place.platform.send(spansOf([late]), soon());
    await place.platform.deleteTraces?.([shown.spans.traceId, late.spans.traceId], soon());
    const left = place.server.inspect.runs.map(({ traceId }) => traceId);
    expect(left).not.toContain(shown.spans.traceId);
    expect(left).not.toContain(late.spans.traceId);
  });

  it('gives a trace up that it is never shown, and one that its caller has no time for', async () => {
    const unknown = '01900000-0000-7000-8000-000000000001';
    const hasty = place.another({ visibilityMs: 200 });
    const started = performance.now();
    await hasty.deleteTraces?.([unknown], soon());
    expect(performance.now() - started).toBeGreaterThanOrEqual(195);
    const patient = place.another({ visibilityMs: 60_000 });
    await expect(patient.deleteTraces?.([unknown], AbortSignal.timeout(300))).rejects.toMatchObject(
      { code: 'PLATFORM_UNREACHABLE' },
    );
  });

  it('deletes traces with their feedback, and knows unknown ones', async () => {
    const context = await place.prepare();
    const cells = encodeCells(place.platform, context, { count: 2 });
    await place.platform.send(spansOf(cells), soon());
    await place.platform.send(scoresOf(cells), soon());
    const [gone, kept] = cells.map(({ spans }) => spans.traceId);
    const unknown = '01900000-0000-7000-8000-000000000000';
    await place.platform.deleteTraces?.([gone ?? '', unknown], soon());
    const left = await readSpans(place.platform, context);
    expect([...new Set(left.map(({ traceId }) => traceId))]).toEqual([kept]);
    expect(await readScores(place.platform, context, { traceIds: [gone ?? ''] })).toEqual([]);
  });
});
