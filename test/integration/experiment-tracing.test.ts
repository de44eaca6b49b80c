import { symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles } from '../support/project-files.js';
import { unpublishedText } from '../../src/core/experiment/trace-mode.js';

const project = 'tracing';
const items = 20;

/** A team's own code as it stands in its application: nothing in it knows of Assay. */
const prelude = `
import { observeOpenAI } from '@langfuse/openai';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { startActiveObservation, startObservation } from '@langfuse/tracing';
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import OpenAI from 'openai';

// Their instrumentation file: it would send to the same platform, with the same keys.
new NodeSDK({ spanProcessors: [new LangfuseSpanProcessor({ exportMode: 'immediate' })] }).start();

const tracer = trace.getTracer('their-retriever');
const rest = (ms) => new Promise((done) => setTimeout(done, ms));
const answer = (input, context) =>
  startActiveObservation('answer ' + context.item.id, async (span) => {
    span.update({ input });
    await tracer.startActiveSpan('retrieve', { attributes: { 'gen_ai.operation.name': 'retrieval' } }, async (inner) => {
      await rest(context.item.id.length);
      inner.end();
    });
    const client = observeOpenAI(new OpenAI({ maxRetries: 0 }), { generationName: 'draft' });
    await client.chat.completions.create({ model: 'demo-small', messages: [{ role: 'user', content: input.text }] });
    const { text } = await context.models.chat({ model: 'small', messages: [{ role: 'user', content: input.text }] });
    startObservation('never ended');
    return { answer: text, item: context.item.id };
  });
const looks = ({ output }) => startActiveObservation('look at ' + output.item, () => true);`;

interface Row {
  readonly id: string;
  readonly traceId: string;
  readonly name: string;
  readonly type: string;
  readonly parentObservationId: string | null;
  readonly model?: string | null;
  readonly latency?: number | null;
  readonly usageDetails?: Readonly<Record<string, number>>;
  readonly level?: string;
}

describe('a team’s own tracing in a run', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 20,
      files: {
        'assay.config.ts': configFile({
          project,
          prelude,
          targets: `
            answer: { kind: 'function', run: answer, evaluators: ['looks', 'tone'] },
            private: { kind: 'function', run: answer, evaluators: ['looks'], trace: 'none' },`,
          evaluators: `
            looks: { kind: 'function', run: looks },
            tone: { kind: 'llm_judge', model: 'small', rubric: '- Names the invoice', passAt: 0 },`,
        }),
        ...datasetFiles(items),
      },
    });
    await symlink(resolve('node_modules'), join(harness.folder, 'node_modules'));
    await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  it('stands in the cells’ traces: experiment, item, target, generation, judge, each once', async () => {
    const view = await harness.run({ name: 'traced', target: 'answer', concurrency: items });
    expect(view).toMatchObject({ status: 'completed', counts: { ok: items } });
    const rows = (await harness.platform.observations(
      view.runUid,
      'core,basic,model,usage,metrics',
    )) as unknown as Row[];
    const byId = new Map(rows.map((row) => [row.id, row]));
    expect(rows).toHaveLength(byId.size);
    const traces = new Map<string, Row[]>();
    for (const row of rows) traces.set(row.traceId, [...(traces.get(row.traceId) ?? []), row]);
    expect(traces.size).toBe(items);
    for (const own of traces.values()) {
      const item = own
        .find(({ name }) => name.startsWith('answer T-'))
        ?.name.slice('answer '.length);
      const tree = own.map(({ name, parentObservationId }) => {
        const above = byId.get(parentObservationId ?? '');
        expect(above?.traceId ?? own[0]?.traceId).toBe(own[0]?.traceId);
        return `${above?.name ?? ''} > ${name}`;
      });
      expect(tree.sort()).toEqual(
        [
          ' > traced',
          'traced > answer',
          `answer > answer ${item}`,
          `answer ${item} > retrieve`,
          `answer ${item} > draft`,
          `answer ${item} > demo-small`,
          `answer ${item} > never ended`,
          'traced > looks',
          `looks > look at ${item}`,
          'traced > tone',
          'tone > demo-small',
        ].sort(),
      );
    }
    const generations = rows.filter(({ type }) => type === 'GENERATION');
    expect(generations).toHaveLength(3 * items);
    for (const { model, latency, usageDetails } of generations) {
      expect(model).toBe('demo-small');
      expect(latency ?? 0).toBeGreaterThan(0.01);
      expect(usageDetails?.['input']).toBeGreaterThan(0);
    }
    expect(rows.filter(({ name }) => name === 'retrieve').map(({ type }) => type)).toEqual(
      Array.from({ length: items }, () => 'RETRIEVER'),
    );
    expect(
      new Set(rows.filter(({ level }) => level === 'WARNING').map(({ name }) => name)),
    ).toEqual(new Set(['never ended']));
  });

  it('is exported by nobody else: the platform holds no trace that is none of the run’s', async () => {
    const { data } = (await harness.platform.admin(
      'GET',
      '/api/public/v2/observations?limit=1000&fields=core,metadata',
    )) as { data: { metadata?: Record<string, unknown> }[] };
    expect(data.length).toBeGreaterThan(0);
    expect(data.filter(({ metadata }) => metadata?.['assay.run_uid'] === undefined)).toEqual([]);
  });

  it('is not in the run’s costs: the calls of an own SDK were not paid through it', async () => {
    const calls = await harness.paidCalls();
    // Of each item: the target's call through `context.models`, and the judge's.
    expect(calls.size).toBe(2 * items);
  });

  it('goes nowhere where its target says trace none: cells, scores and report are there all the same', async () => {
    const view = await harness.run({ name: 'private', target: 'private' });
    expect(view).toMatchObject({
      status: 'completed',
      counts: { ok: items },
      publication: [],
      trace: 'none',
    });
    expect(await harness.platform.observations(view.runUid, 'core')).toEqual([]);
    const report = await harness.client.experiments.report(
      { project, name: 'private' },
      'markdown',
    );
    expect(report).toContain('Nothing of this run was published, by choice');
    expect(report).toContain(unpublishedText);
    expect(report).toContain(`${items} of ${items}`);
  });

  it('goes to the platform where the run says so, whatever its target says', async () => {
    const view = await harness.run({
      name: 'not-private',
      target: 'private',
      trace: 'platform',
      quick: { items: 2 },
    });
    expect(view).toMatchObject({ status: 'completed', trace: 'platform' });
    expect(view.publication).toMatchObject([{ expectedTraces: 2, verifiedTraces: 2 }]);
  });

  it('of a re-judgement comes to the trace that is there, under ids of its own', async () => {
    const key = { project, name: 'not-private' };
    await harness.client.experiments.rejudge(key, { evaluators: ['looks'] });
    const view = await harness.client.experiments.wait(key, { timeoutMs: 60_000 });
    expect(view.status).toBe('completed');
    const rows = (await harness.platform.observations(
      view.runUid,
      'core,basic',
    )) as unknown as Row[];
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    const names = new Map(rows.map(({ id, name }) => [id, name]));
    const looks = rows.filter(({ name }) => name.startsWith('look at T-'));
    expect(looks).toHaveLength(4);
    for (const { parentObservationId } of looks) {
      expect(names.get(parentObservationId ?? '')).toBe('looks');
    }
    expect(rows.filter(({ name }) => name === 'retrieve')).toHaveLength(2);
  });
});
