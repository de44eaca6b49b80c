import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { SpanSketch } from './langfuse-support.js';
import {
  noon,
  observationsOf,
  rowsIn,
  sendSpans,
  spanId,
  TestServer,
  traceId,
} from './langfuse-support.js';

interface ItemSketch {
  readonly experiment: string;
  readonly item: string;
  readonly start?: number;
  readonly output?: string;
  readonly extra?: Readonly<Record<string, string>>;
}

describe('experiments of the dev server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(() => server.stop());

  /** The two spans of one item: its root and a generation. */
  function itemSpans({ experiment, item, start = noon, output = 'out', extra = {} }: ItemSketch) {
    const [trace, root] = [traceId(), spanId()];
    const attributes = {
      'langfuse.experiment.id': experiment,
      'langfuse.experiment.name': `name of ${experiment}`,
      'langfuse.experiment.dataset.id': 'dataset-1',
      'langfuse.experiment.item.id': item,
      'langfuse.experiment.item.root_observation_id': root,
    };
    const spans: readonly SpanSketch[] = [
      {
        traceId: trace,
        spanId: root,
        name: 'root',
        start,
        attributes: { ...attributes, ...extra, 'langfuse.observation.output': output },
      },
      { traceId: trace, parentSpanId: root, name: 'answer', start: start + 10, attributes },
    ];
    return { trace, root, spans };
  }

  const experiments = (query: Record<string, string> = {}) =>
    server.call(
      `/api/public/experiments?${new URLSearchParams({ fromStartTime: '2026-01-01T00:00:00Z', ...query }).toString()}`,
    );
  const items = (query: Record<string, string>) =>
    server.call(
      `/api/public/experiment-items?${new URLSearchParams({ fromStartTime: '2026-01-01T00:00:00Z', ...query }).toString()}`,
    );

  it('shows one row for an item whose spans were sent twice, the last sending', async () => {
    const experiment = `exp-${traceId()}`;
    const { trace, spans } = itemSpans({ experiment, item: 'i1' });
    await sendSpans(server, ...spans);
    const [root] = spans;
    await sendSpans(server, {
      ...root,
      start: noon + 5,
      attributes: { ...root?.attributes, 'langfuse.observation.output': 'second' },
    });
    expect(await observationsOf(server, { traceId: trace })).toHaveLength(3);
    const rows = rowsIn(await items({ experimentId: experiment, fields: 'core,io' }));
    expect(rows).toMatchObject([{ experimentItemId: 'i1', output: 'second' }]);
    expect(rowsIn(await experiments({ id: experiment }))).toMatchObject([{ itemCount: 1 }]);
  });

  it('shows description and metadata of an arbitrary root: only what every root carries is safe', async () => {
    const experiment = `exp-${traceId()}`;
    const extra = {
      'langfuse.experiment.description': 'nightly',
      'langfuse.experiment.metadata': '{"commit":"abc","n":1}',
    };
    await sendSpans(server, ...itemSpans({ experiment, item: 'i1', extra }).spans);
    await sendSpans(server, ...itemSpans({ experiment, item: 'i2', start: noon + 1_000 }).spans);
    const plain = rowsIn(await experiments({ id: experiment }));
    const detailed = rowsIn(await experiments({ id: experiment, fields: 'core,metadata' }));
    expect(plain).toMatchObject([{ description: '' }]);
    expect(detailed).toMatchObject([
      { description: 'nightly', metadata: { commit: 'abc', n: '1' } },
    ]);
  });

  it('shows the scores of the item’s trace and root, and those of the run', async () => {
    const experiment = `exp-${traceId()}`;
    const { trace, root, spans } = itemSpans({ experiment, item: 'i1' });
    await sendSpans(server, ...spans);
    const score = (body: object) => server.post('/api/public/scores', { value: 1, ...body });
    await score({ id: `${experiment}-root`, name: 'on-root', traceId: trace, observationId: root });
    await score({ id: `${experiment}-trace`, name: 'on-trace', traceId: trace });
    await score({
      id: `${experiment}-child`,
      name: 'on-child',
      traceId: trace,
      observationId: 'child',
    });
    await score({ id: `${experiment}-run`, name: 'on-run', datasetRunId: experiment });
    const names = (rows: readonly Readonly<Record<string, unknown>>[]) =>
      rows.flatMap((row) => (row['scores'] as { name: string }[]).map(({ name }) => name));
    expect(names(rowsIn(await items({ experimentId: experiment, fields: 'scores' })))).toEqual([
      'on-root',
      'on-trace',
    ]);
    expect(names(rowsIn(await experiments({ id: experiment, fields: 'scores' })))).toEqual([
      'on-run',
    ]);
  });

  it('pages experiments and items by cursor, each row once', async () => {
    const mark = traceId();
    for (let index = 0; index < 5; index += 1) {
      const start = noon + index * 60_000;
      await sendSpans(
        server,
        ...itemSpans({ experiment: `${mark}-${index}`, item: `i${index}`, start }).spans,
      );
    }
    const walk = async (
      read: (query: Record<string, string>) => Promise<{ body: Readonly<Record<string, unknown>> }>,
      key: string,
    ) => {
      const seen: unknown[] = [];
      let cursor: string | undefined;
      do {
        const { body } = await read({ limit: '2', ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...(body['data'] as Readonly<Record<string, unknown>>[]).map((row) => row[key]));
        cursor = (body['meta'] as { cursor?: string }).cursor;
      } while (cursor !== undefined);
      return seen.filter((id) => String(id).startsWith(mark));
    };
    const newestFirst = [4, 3, 2, 1, 0].map((index) => `${mark}-${index}`);
    expect(await walk(experiments, 'id')).toEqual(newestFirst);
    expect(await walk(items, 'experimentId')).toEqual(newestFirst);
  });

  it('refuses a missing start, an unknown group and a cursor that is none', async () => {
    const answers = await Promise.all([
      server.call('/api/public/experiments'),
      experiments({ fields: 'core,everything' }),
      items({ cursor: 'zzz' }),
      items({ limit: '101' }),
    ]);
    expect(answers.map(({ status, body }) => [status, body['message']])).toEqual([
      [400, 'Invalid request data'],
      [400, 'Invalid request data'],
      [400, 'Invalid cursor format'],
      [400, 'Invalid request data'],
    ]);
  });
});
