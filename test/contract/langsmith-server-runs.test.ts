import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from 'langsmith';
import { evaluate } from 'langsmith/evaluation';
import { traceable } from 'langsmith/traceable';

import type { LangsmithServer } from '../support/langsmith/server.js';
import { startLangsmith } from '../support/langsmith/server.js';
import type { Loose } from './langsmith-server-support.js';
import {
  all,
  ask,
  childRun,
  clientOf,
  listRuns,
  readRun,
  rootRun,
} from './langsmith-server-support.js';

describe('projects, runs and feedback of the LangSmith test server, by the official client', () => {
  let server: LangsmithServer;
  let client: Client;

  beforeAll(async () => {
    // The client warns of methods that it will drop next year and of each batch that is refused, and tells where results are.
    for (const way of ['warn', 'log'] as const)
      jest.spyOn(console, way).mockImplementation(() => undefined);
    server = await startLangsmith();
    client = clientOf(server);
  });

  afterAll(async () => {
    await client.awaitPendingTraceBatches();
    await server.close();
    jest.restoreAllMocks();
  });

  const batch = (post: readonly unknown[], patch: readonly unknown[] = []) =>
    ask(server, 'POST /runs/batch', { body: { post, patch } });
  const rowsOf = (id: string) => server.inspect.runs.filter((run) => run.id === id);
  /** What feedback names its run by. */
  const on = ({ id }: { id: string }) => ({
    runId: id,
    sessionId: rowsOf(id)[0]?.sessionId ?? '',
  });

  describe('projects', () => {
    it('creates an experiment on a dataset, once, and finds it by name, id and dataset', async () => {
      const dataset = await client.createDataset('for projects');
      const made = await client.createProject({
        projectName: 'experiment',
        referenceDatasetId: dataset.id,
        metadata: { revision: 'abc' },
      });
      await expect(client.createProject({ projectName: 'experiment' })).rejects.toMatchObject({
        name: 'LangSmithConflictError',
      });
      expect(await client.readProject({ projectName: 'experiment' })).toMatchObject({
        id: made.id,
        reference_dataset_id: dataset.id,
        extra: { metadata: { revision: 'abc' } },
        run_count: null,
      });
      const found = await all(client.listProjects({ referenceDatasetName: 'for projects' }));
      expect(found.map(({ id }) => id)).toEqual([made.id]);
      expect(await all(client.listProjects({ metadata: { revision: 'other' } }))).toEqual([]);
      expect(await client.getProjectUrl({ projectId: made.id })).toContain(
        server.inspect.workspaceId,
      );
      expect((await client.readDataset({ datasetId: dataset.id })).session_count).toBe(1);
    });

    it('ends a project and keeps what the update leaves null', async () => {
      const made = await client.createProject({ projectName: 'ends', description: 'kept' });
      await client.updateProject(made.id, { endTime: '2026-03-01T13:00:00Z' });
      expect(await client.readProject({ projectId: made.id })).toMatchObject({
        description: 'kept',
        end_time: '2026-03-01T13:00:00.000000',
      });
    });

    it('deletes a project with its runs', async () => {
      const run = rootRun({ session_name: 'doomed' });
      await batch([run]);
      await client.deleteProject({ projectName: 'doomed' });
      expect(await client.hasProject({ projectName: 'doomed' })).toBe(false);
      expect(rowsOf(run.id)).toEqual([]);
    });
  });

  describe('ingestion', () => {
    it('takes a traced call with its children as multipart, batched by the client', async () => {
      server.requests.clear();
      const tracing = clientOf(server);
      const generation = traceable((question: string) => `4 to ${question}`, {
        name: 'generation',
        run_type: 'llm',
        client: tracing,
        project_name: 'traced',
        tracingEnabled: true,
      });
      const target = traceable((question: string) => generation(question), {
        name: 'target',
        client: tracing,
        project_name: 'traced',
        tracingEnabled: true,
      });
      await target('2 + 2');
      await tracing.awaitPendingTraceBatches();
      expect(server.requests.counts()['POST /runs/multipart 202']).toBeGreaterThan(0);
      const runs = await listRuns(client, { projectName: 'traced' });
      const root = runs.find(({ name }) => name === 'target');
      const child = runs.find(({ name }) => name === 'generation');
      expect(runs).toHaveLength(2);
      expect(root).toMatchObject({ status: 'success', outputs: { outputs: '4 to 2 + 2' } });
      expect(child).toMatchObject({ parent_run_id: root?.id, trace_id: root?.id, run_type: 'llm' });
      const tree = await readRun(client, root?.id ?? '', { loadChildRuns: true });
      expect(tree.child_runs?.map(({ id }) => id)).toEqual([child?.id]);
    });

    it('takes batches as JSON where the server says that it has no multipart', async () => {
      const plain = await startLangsmith({ useMultipart: false });
      const tracing = clientOf(plain);
      const { name, run_type, id, trace_id, dotted_order } = rootRun();
      await tracing.createRun({
        ...{ name: String(name), run_type: String(run_type), id, trace_id, dotted_order },
        inputs: { a: 1 },
      });
      await tracing.updateRun(id, {
        trace_id,
        dotted_order,
        outputs: { b: 2 },
        end_time: Date.now(),
      });
      await tracing.awaitPendingTraceBatches();
      const counts = Object.keys(plain.requests.counts());
      await plain.close();
      expect(counts).toContain('POST /runs/batch 202');
      expect(counts.join()).not.toContain('multipart');
      expect(plain.inspect.runs).toMatchObject([{ id, outputs: { b: 2 }, closed: true }]);
    });

    it('takes single runs and their updates, and derives the place of a root', async () => {
      const single = clientOf(server, { autoBatchTracing: false });
      const id = randomUUID();
      await single.createRun({
        id,
        name: 'single',
        run_type: 'chain',
        inputs: {},
        project_name: 'singles',
      });
      expect(await readRun(single, id)).toMatchObject({ status: 'pending', trace_id: id });
      await single.updateRun(id, { end_time: Date.now(), error: 'failed' });
      expect(await readRun(single, id)).toMatchObject({ status: 'error', error: 'failed' });
    });

    it('answers a repeated run with 409 and makes no second row of it', async () => {
      const run = rootRun();
      expect(await batch([run])).toMatchObject({ status: 202 });
      const again = await batch([{ ...run, name: 'changed' }]);
      expect(again).toMatchObject({
        status: 409,
        body: { error: 'Conflict: payload already received: payloads already received' },
      });
      expect(rowsOf(run.id)).toMatchObject([{ name: 'target' }]);
    });

    it('takes what is new of a batch of which some was sent before', async () => {
      const [old, fresh] = [rootRun(), rootRun()];
      await batch([old]);
      expect((await batch([{ ...old, name: 'changed' }, fresh])).status).toBe(202);
      expect(rowsOf(old.id)).toMatchObject([{ name: 'target' }]);
      expect(rowsOf(fresh.id)).toHaveLength(1);
    });

    it('can answer such a batch with 409, with and without taking what is new', async () => {
      for (const partlyRepeated of ['take-and-409', 'refuse'] as const) {
        const strict = await startLangsmith({ partlyRepeated });
        const [old, fresh] = [rootRun(), rootRun()];
        const send = (...post: Loose[]) => ask(strict, 'POST /runs/batch', { body: { post } });
        await send(old);
        const answer = await send(old, fresh);
        await strict.close();
        expect(answer.status).toBe(409);
        expect(strict.inspect.runs).toHaveLength(partlyRepeated === 'refuse' ? 1 : 2);
      }
    });

    it('takes compressed bodies, and says so where one is broken', async () => {
      const run = rootRun();
      const send = (body: Uint8Array<ArrayBuffer>) =>
        fetch(`${server.url}/runs/batch`, {
          method: 'POST',
          headers: { 'x-api-key': server.apiKey, 'content-encoding': 'gzip' },
          body,
        });
      const packed = new Uint8Array(gzipSync(JSON.stringify({ post: [run] })));
      expect((await send(packed)).status).toBe(202);
      expect(rowsOf(run.id)).toHaveLength(1);
      expect((await send(packed.slice(0, 20))).status).toBe(400);
    });

    it('takes no second update of a run that has ended', async () => {
      const run = rootRun({ end_time: null, outputs: null });
      await batch([run]);
      const end = { ...run, end_time: Date.parse('2026-03-01T12:00:03Z'), outputs: { a: 1 } };
      expect((await batch([], [end])).status).toBe(202);
      expect((await batch([], [{ ...end, outputs: { a: 2 } }])).status).toBe(409);
      expect(rowsOf(run.id)).toMatchObject([{ outputs: { a: 1 }, patches: 1 }]);
    });

    it('joins an update to a run that comes after it', async () => {
      const run = rootRun({ end_time: null, outputs: null });
      await batch([], [{ ...run, outputs: { late: true }, end_time: '2026-03-01T12:00:02Z' }]);
      expect(server.inspect.runsThatNeverCame).toContain(run.id);
      await batch([run]);
      expect(rowsOf(run.id)).toMatchObject([{ outputs: { late: true }, closed: true }]);
      expect(server.inspect.runsThatNeverCame).not.toContain(run.id);
    });

    it('refuses a batch whole when one run contradicts its own dotted_order', async () => {
      const good = rootRun();
      const parent = rootRun();
      const other = randomUUID();
      const broken: readonly [Loose, string][] = [
        [rootRun({ trace_id: other }), 'trace_id does not match first part of dotted_order'],
        [rootRun({ id: other }), 'run_id does not match last part of dotted_order'],
        [
          childRun(parent, { parent_run_id: other }),
          'parent_run_id does not match second-to-last part of dotted_order',
        ],
        [
          childRun(parent, { parent_run_id: null }),
          'dotted_order must contain a single part for root runs',
        ],
        [
          { ...rootRun(), parent_run_id: other },
          'dotted_order must contain at least two parts for child runs',
        ],
      ];
      for (const [run, problem] of broken) {
        const { status, body } = await batch([good, run]);
        expect({ status, body }).toMatchObject({
          status: 400,
          body: { error: expect.stringContaining(`invalid 'dotted_order': ${problem}`) },
        });
      }
      expect((await batch([{ ...rootRun(), dotted_order: undefined }])).status).toBe(422);
      expect((await batch([{ ...rootRun(), id: 'no uuid' }])).status).toBe(422);
      expect((await batch([rootRun({ session_id: other })])).status).toBe(404);
      expect(rowsOf(good.id)).toEqual([]);
    });

    it('says plainly that it keeps no attachments and knows no other parts', async () => {
      const send = (name: string, data: string) => {
        const form = `--b\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: application/json; length=${data.length}\r\n\r\n${data}\r\n--b--\r\n`;
        return fetch(`${server.url}/runs/multipart`, {
          method: 'POST',
          headers: {
            'x-api-key': server.apiKey,
            'content-type': 'multipart/form-data; boundary=b',
          },
          body: form,
        });
      };
      const attachment = await send(`attachment.${randomUUID()}.image`, '{}');
      expect([attachment.status, await attachment.text()]).toEqual([
        422,
        expect.stringContaining('Attachments are not kept'),
      ]);
      expect((await send(`post.${randomUUID()}.inputs`, '{}')).status).toBe(422);
      expect((await send('anything', '{}')).status).toBe(422);
    });
  });

  describe('reading runs', () => {
    const parent = rootRun({ session_name: 'reading', tags: ['gold'] });
    const children = Array.from({ length: 4 }, (_, index) =>
      childRun(parent, {
        session_name: 'reading',
        name: `step ${index}`,
        start_time: Date.parse('2026-03-01T12:00:01Z') + index,
        extra: { metadata: { index, usage_metadata: { input_tokens: 5, output_tokens: 2 } } },
        ...(index === 3 ? { error: 'boom' } : {}),
      }),
    );
    const names = async (options: Parameters<Client['listRuns']>[0]) =>
      (await listRuns(client, { projectName: 'reading', ...options })).map(({ name }) => name);

    beforeAll(() => batch([parent, ...children]));

    it('filters by root, trace, parent, error, id and type', async () => {
      expect(await names({ isRoot: true })).toEqual(['target']);
      expect(await names({ traceId: parent.id })).toHaveLength(5);
      expect(await names({ parentRunId: parent.id })).toHaveLength(4);
      expect(await names({ error: true })).toEqual(['step 3']);
      expect(await names({ id: [children[1]?.id ?? ''] })).toEqual(['step 1']);
      expect(await names({ runType: 'llm', order: 'asc' })).toEqual(
        [0, 1, 2, 3].map((n) => `step ${n}`),
      );
      expect(await names({ startTime: new Date('2026-03-01T12:00:01.002Z') })).toEqual([
        'step 3',
        'step 2',
      ]);
    });

    it('knows a subset of the filter language and refuses the rest', async () => {
      expect(await names({ filter: 'has(tags, "gold")' })).toEqual(['target']);
      expect(await names({ filter: 'and(eq(run_type, "llm"), neq(error, null))' })).toEqual([
        'step 3',
      ]);
      expect(
        await names({ filter: 'and(eq(metadata_key, "index"), eq(metadata_value, 2))' }),
      ).toEqual(['step 2']);
      expect(await names({ filter: 'or(eq(name, "step 0"), in(name, ["step 1"]))' })).toEqual([
        'step 1',
        'step 0',
      ]);
      expect(await names({ traceFilter: 'eq(name, "none")' })).toEqual([]);
      await expect(names({ filter: 'search("x")' })).rejects.toThrow('does not know this filter');
      await expect(names({ filter: 'eq(name, "x"' })).rejects.toThrow('does not know this filter');
    });

    it('hands them out in pages by a cursor, none twice, none missing', async () => {
      const seen: string[] = [];
      let cursor: unknown = null;
      do {
        const { body } = await ask(server, 'POST /runs/query', {
          body: { trace: parent.id, limit: 2, cursor, select: ['name'] },
        });
        const page = body as { runs: Loose[]; cursors: Loose };
        expect(Object.keys(page.runs[0] ?? {}).sort()).toEqual(['id', 'name']);
        seen.push(...page.runs.map(({ name }) => String(name)));
        cursor = page.cursors['next'];
      } while (cursor !== null);
      expect(seen).toEqual(['step 3', 'step 2', 'step 1', 'step 0', 'target']);
    });

    it('asks for something to narrow by, and for pages of at most 100', async () => {
      const ofAll = await ask(server, 'POST /runs/query', { body: {} });
      const large = await ask(server, 'POST /runs/query', {
        body: { id: [parent.id], limit: 101 },
      });
      expect([ofAll.status, large.status]).toEqual([422, 422]);
      expect((await ask(server, `GET /runs/${randomUUID()}`)).body).toEqual({
        detail: 'Run not found',
      });
    });

    it('adds up the statistics of a project', async () => {
      const stats = await client.readProject({ projectName: 'reading', includeStats: true });
      expect(stats).toMatchObject({
        run_count: 1,
        latency_p50: 1.5,
        prompt_tokens: 20,
        completion_tokens: 8,
        total_tokens: 28,
      });
    });

    it('adds up the runs that are asked for, and finds the threads that they make', async () => {
      const session_name = 'threads';
      const said = (thread: string, minute: number, fields: Loose = {}) => {
        const start_time = Date.parse('2026-03-01T12:00:00.000Z') + minute * 60_000;
        const extra = { metadata: { thread_id: thread } };
        const order = `20260301T12${String(minute).padStart(2, '0')}00000000Z`;
        const run = rootRun({ session_name, start_time, end_time: start_time + 500, extra });
        return { ...run, dotted_order: `${order}${run.id}`, ...fields };
      };
      const runs = [said('a', 1), said('b', 2, { error: 'no answer' }), said('a', 3)];
      await batch([...runs, childRun(runs[0] ?? rootRun(), { session_name })]);
      await client.createFeedback({ ...on(runs[0] ?? rootRun()), key: 'kind', score: 1 });
      const stats: unknown = await client.getRunStats({
        projectNames: [session_name],
        isRoot: true,
      });
      expect(stats).toMatchObject({
        run_count: 3,
        latency_p50: 0.5,
        error_rate: 1 / 3,
        feedback_stats: { kind: { n: 1, avg: 1 } },
      });
      // The client's own type of them names other fields than it is answered with.
      const threads: readonly unknown[] = await all(
        client.listGroupRuns({ projectName: session_name, groupBy: 'conversation', limit: 1 }),
      );
      const shown = threads as readonly Loose[];
      expect(shown.map((each) => [each['group_key'], each['count']])).toEqual([
        ['a', 2],
        ['b', 1],
      ]);
      expect(await ask(server, 'POST /runs/stats', { body: {} })).toMatchObject({ status: 422 });
    });

    it('deletes traces to order', async () => {
      const [kept, gone] = [
        rootRun({ session_name: 'cleared' }),
        rootRun({ session_name: 'cleared' }),
      ];
      await batch([kept, gone, childRun(gone, { session_name: 'cleared' })]);
      const { id } = await client.readProject({ projectName: 'cleared' });
      await ask(server, 'POST /api/v1/runs/delete', {
        body: { session_id: id, trace_ids: [gone.id] },
      });
      const left = await listRuns(client, { projectName: 'cleared' });
      expect(left.map((run) => run.id)).toEqual([kept.id]);
    });
  });

  describe('feedback', () => {
    it('creates, lists, changes and deletes it', async () => {
      const run = rootRun({ session_name: 'judged' });
      await batch([run]);
      const made = await client.createFeedback({
        ...on(run),
        key: 'correct',
        score: 1,
        comment: 'right',
      });
      await client.createFeedback({ ...on(run), key: 'tone', value: 'friendly' });
      const listed = await all(
        client.listFeedback({ runIds: [run.id], feedbackKeys: ['correct'] }),
      );
      expect(listed).toMatchObject([{ id: made.id, score: 1, comment: 'right', trace_id: run.id }]);
      await client.updateFeedback(made.id, { score: 0.25, comment: null });
      expect(await client.readFeedback(made.id)).toMatchObject({ score: 0.25, comment: null });
      const { feedback_stats: stats } = await readRun(client, run.id);
      expect(stats).toEqual({
        correct: { n: 1, avg: 0.25, values: {} },
        tone: { n: 1, avg: null, values: { friendly: 1 } },
      });
      await client.deleteFeedback(made.id);
      await expect(client.readFeedback(made.id)).rejects.toThrow('404');
    });

    it('takes feedback that the client batches with the runs', async () => {
      const batching = clientOf(server);
      const run = rootRun({ session_name: 'batched feedback' });
      await batch([run]);
      server.requests.clear();
      await batching.createFeedback({ ...on(run), key: 'correct', score: 1, traceId: run.id });
      await batching.awaitPendingTraceBatches();
      expect(server.requests.counts()).toMatchObject({ 'POST /runs/multipart 202': 1 });
      expect(await all(client.listFeedback({ runIds: [run.id] }))).toHaveLength(1);
    });

    it('replaces the row of a repeated id, and counts how often it came', async () => {
      const run = rootRun();
      await batch([run]);
      const feedbackId = randomUUID();
      await client.createFeedback({ ...on(run), key: 'twice', score: 0, feedbackId });
      await client.createFeedback({ ...on(run), key: 'twice', score: 1, feedbackId });
      const rows = server.inspect.feedback.filter(({ key }) => key === 'twice');
      expect(rows).toMatchObject([{ score: 1, creations: 2 }]);
    });

    it('refuses a repeated id with 409 where it is told to', async () => {
      const strict = await startLangsmith({ repeatedFeedback: 'refuse' });
      const session = await clientOf(strict).createProject({ projectName: 'strict' });
      const body = { id: randomUUID(), key: 'k', score: 1, session_id: session.id };
      const first = await ask(strict, 'POST /feedback', { body });
      const second = await ask(strict, 'POST /feedback', { body: { ...body, score: 0 } });
      await strict.close();
      expect([first.status, second.status]).toEqual([200, 409]);
      expect(strict.inspect.feedback).toMatchObject([{ score: 1, creations: 1 }]);
    });

    it('refuses scores that its column cannot hold, and feedback on nothing', async () => {
      const run = rootRun();
      await batch([run]);
      const post = async (fields: Loose) =>
        (await ask(server, 'POST /feedback', { body: { key: 'k', run_id: run.id, ...fields } }))
          .status;
      expect(await post({ score: 0.12345 })).toBe(422);
      expect(await post({ score: 100_000 })).toBe(422);
      expect(await post({ score: 0.1 + 0.2 })).toBe(200);
      expect(await post({ run_id: randomUUID(), score: 1 })).toBe(404);
      expect(await post({ run_id: undefined, score: 1 })).toBe(422);
    });

    it('pages feedback of many runs', async () => {
      const session = await client.createProject({ projectName: 'many scores' });
      await Promise.all(
        Array.from({ length: 23 }, (_, index) =>
          client.createFeedback({ projectId: session.id, key: 'paged', score: index }),
        ),
      );
      const pages = await Promise.all(
        [0, 10, 20].map((offset) =>
          ask(server, `GET /feedback?key=paged&limit=10&offset=${offset}`),
        ),
      );
      const scores = pages.flatMap(({ body }) => (body as Loose[]).map(({ score }) => score));
      expect(new Set(scores).size).toBe(23);
      expect(pages[0]?.headers.get('x-pagination-total')).toBe('23');
    });

    it('keeps a configuration for each key', async () => {
      const categories = [{ value: 1, label: 'good' }];
      const config = { type: 'categorical' as const, categories };
      await client.createFeedbackConfig({ feedbackKey: 'mood', feedbackConfig: config });
      expect(await all(client.listFeedbackConfigs({ feedbackKeys: ['mood'] }))).toMatchObject([
        { feedback_key: 'mood', feedback_config: config },
      ]);
      await expect(
        client.createFeedbackConfig({ feedbackKey: 'mood', feedbackConfig: { type: 'freeform' } }),
      ).rejects.toThrow('Feedback config already exists');
    });
  });

  it('carries a whole evaluate() of the official client', async () => {
    const evaluating = clientOf(server);
    const dataset = await evaluating.createDataset('evaluated');
    await evaluating.createExamples(
      [1, 2, 3].map((n) => ({ dataset_id: dataset.id, inputs: { n }, outputs: { double: 2 * n } })),
    );
    const results = await evaluate((input: { n: number }) => ({ double: input.n * 2 }), {
      data: 'evaluated',
      client: evaluating,
      experimentPrefix: 'doubling',
      evaluators: [
        (run, example) => ({
          key: 'equal',
          score: run.outputs?.['double'] === example?.outputs?.['double'],
        }),
      ],
    });
    await evaluating.awaitPendingTraceBatches();
    const project = await client.readProject({
      projectName: results.experimentName,
      includeStats: true,
    });
    expect(project).toMatchObject({
      reference_dataset_id: dataset.id,
      run_count: 3,
      feedback_stats: { equal: { n: 3, avg: 1 } },
    });
    const roots = await listRuns(client, { projectId: project.id, isRoot: true });
    expect(new Set(roots.map((run) => run.reference_example_id)).size).toBe(3);
  });
});
