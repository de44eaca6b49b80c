import { setTimeout as wait } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';
import {
  observe,
  propagateAttributes,
  startActiveObservation,
  startObservation,
} from '@langfuse/tracing';
import { context, ROOT_CONTEXT, SpanStatusCode, trace, type Span } from '@opentelemetry/api';

import { cellSpanId } from '../../../src/core/ids/platform-ids.js';
import { traceLimits } from '../../../src/tracing/limits.js';
import { registerTracing } from '../../../src/tracing/register.js';
import { cellOf, collect, treeOf } from './support.js';

const tracing = registerTracing(() => undefined);
const tracer = trace.getTracer('a-teams-own');

describe('spans of a team’s own code', () => {
  it('are collected with their parents, in the order in which they began', async () => {
    const { spans } = await collect(tracing, async () => {
      await startActiveObservation('answer', async (answer) => {
        answer.update({ input: { question: 'why?' }, output: 'because' });
        await tracer.startActiveSpan('retrieve', async (span) => {
          await wait(2);
          span.end();
        });
        await observe(() => wait(1), { name: 'rank', asType: 'retriever' })();
      });
      startObservation('cache', { metadata: { hit: true } }, { asType: 'tool' }).end();
    });
    expect(treeOf(spans)).toEqual([
      'target > answer',
      'answer > retrieve',
      'answer > rank',
      'target > cache',
    ]);
    expect(spans.map(({ kind }) => kind)).toEqual(['span', 'span', 'retriever', 'tool']);
    expect(spans[0]).toMatchObject({ input: { question: 'why?' }, output: 'because' });
    expect(spans[3]).toMatchObject({ metadata: { hit: 'true' } });
  });

  it('have the ids that are published from the moment in which they begin, the same in each attempt', async () => {
    const seen: string[][] = [];
    const paths: string[][] = [];
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const ids: string[] = [];
      const { spans } = await collect(tracing, () => {
        for (const name of ['ask', 'ask', 'a/b#1']) {
          tracer.startActiveSpan(name, (span) => {
            ids.push(span.spanContext().spanId);
            expect(span.spanContext().traceId).toBe(cellOf().traceId);
            span.end();
          });
        }
      });
      seen.push(ids);
      paths.push(spans.map(({ path }) => path));
    }
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).toEqual((paths[0] ?? []).map((path) => cellSpanId(cellOf(), path)));
    expect(paths[0]).toEqual(['target/span/ask#1', 'target/span/ask#2', 'target/span/a%2Fb%231#1']);
  });

  it('of twenty cells at once never stand in another’s trace', async () => {
    const cells = Array.from({ length: 20 }, (_, index) => `item-${index}`);
    const all = await Promise.all(
      cells.map((cell, index) =>
        collect(
          tracing,
          () =>
            startActiveObservation(`outer ${cell}`, async () => {
              for (let step = 0; step < 5; step += 1) {
                await wait((index * 7 + step * 3) % 5);
                await tracer.startActiveSpan(`step ${cell}`, async (span) => {
                  await wait(step % 3);
                  span.end();
                });
              }
            }),
          cellOf(cell),
        ),
      ),
    );
    all.forEach(({ spans }, index) => {
      const cell = `item-${index}`;
      expect(treeOf(spans)).toEqual([
        `target > outer ${cell}`,
        ...Array.from({ length: 5 }, () => `outer ${cell} > step ${cell}`),
      ]);
    });
  });

  it('are found by their parent where a callback has lost its context', async () => {
    const { spans } = await collect(tracing, () => {
      const outer = startObservation('outer');
      context.with(ROOT_CONTEXT, () => outer.startObservation('in a pool’s callback').end());
      outer.end();
    });
    expect(treeOf(spans)).toEqual(['target > outer', 'outer > in a pool’s callback']);
  });

  it('with a parent that is none of the cell’s stand below the code that made them', async () => {
    const foreign = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const { spans } = await collect(tracing, () => {
      startObservation('joined', {}, { parentSpanContext: foreign }).end();
      tracer.startActiveSpan('outer', (span) => {
        tracer.startSpan('of its own', { root: true }).end();
        span.end();
      });
    });
    expect(treeOf(spans)).toEqual(['target > joined', 'target > outer', 'target > of its own']);
  });

  it('that have not ended when the code returns are ended, and say so', async () => {
    const { spans } = await collect(tracing, () => {
      startObservation('forgotten', { input: 'x' });
      startObservation('done').end();
    });
    expect(spans.map(({ name, unfinished }) => [name, unfinished])).toEqual([
      ['forgotten', true],
      ['done', undefined],
    ]);
  });

  it('that begin after the code has returned are dropped and counted', () => {
    const told: unknown[] = [];
    const own = registerTracing((event) => told.push(event));
    let late: (() => Span) | undefined;
    const trace = own.begin(cellOf('late'));
    const place = trace.place('target');
    place.run(() => {
      const active = context.active();
      late = () => tracer.startSpan('late', {}, active);
    });
    place.end();
    late?.().end();
    expect(trace.spans()).toEqual({ spansLeftOut: 1 });
    trace.close();
    late?.().end();
    late?.().end();
    own.begin(cellOf('next')).close();
    expect(told).toEqual([{ kind: 'strays', spans: 2 }]);
  });

  it('beyond the limit are counted, and what they hold hangs on the span above', async () => {
    const { spans, leftOut } = await collect(tracing, () => {
      tracer.startActiveSpan('loop', (loop) => {
        for (let index = 0; index < traceLimits.spans + 9; index += 1) {
          tracer.startActiveSpan('step', (step) => step.end());
        }
        loop.end();
      });
    });
    expect(spans).toHaveLength(traceLimits.spans);
    expect(leftOut).toBe(10);
  });

  it('are cut where a text is too long, and stand bare where all together are', async () => {
    const long = 'x'.repeat(traceLimits.fieldCharacters + 10);
    const { spans } = await collect(tracing, () => {
      for (let index = 0; index < 14; index += 1) startObservation('big', { input: long }).end();
    });
    expect(spans).toHaveLength(14);
    expect(spans[0]?.input).toHaveLength(traceLimits.fieldCharacters);
    expect(spans.every(({ cut }) => cut?.includes('input'))).toBe(true);
    expect(spans[13]?.input).toBeUndefined();
  });

  it('keep half a surrogate pair and NUL out of the record', async () => {
    const { spans } = await collect(tracing, () => {
      startObservation('half \uD83D', {
        input: 'a\uD83Db\0',
        metadata: { 'k\uDC00': 'v\0' },
      }).end();
    });
    expect(JSON.stringify(spans)).not.toMatch(/\\ud83d|\\udc00|\\u0000/iu);
    expect(spans[0]?.input).toBe('a\uFFFDb\uFFFD');
  });

  it('carry failures with their reason', async () => {
    const { spans } = await collect(tracing, () => {
      const span = tracer.startSpan('fails');
      span.recordException(new Error('no route'));
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      startObservation('warns', { level: 'WARNING', statusMessage: 'slow' }).end();
    });
    expect(spans).toMatchObject([
      { level: 'ERROR', statusMessage: 'no route' },
      { level: 'WARNING', statusMessage: 'slow' },
    ]);
  });

  it('hold what was propagated to all spans of a request', async () => {
    const { spans } = await collect(tracing, () =>
      propagateAttributes({ userId: 'u-1', sessionId: 's-1', tags: ['a'] }, () => {
        startObservation('inner').end();
      }),
    );
    expect(spans[0]?.metadata).toEqual({
      'user.id': 'u-1',
      'session.id': 's-1',
      'langfuse.trace.tags': ['a'],
    });
  });

  it('survive times that are none', async () => {
    const { spans } = await collect(tracing, () => {
      tracer.startSpan('never', { startTime: new Date(Number.NaN) }).end(new Date(8.64e15));
    });
    for (const { startedAt, endedAt } of spans) {
      expect(startedAt).toMatch(/^\d{4}-/u);
      expect(endedAt >= startedAt).toBe(true);
    }
    expect(spans).toHaveLength(1);
  });
});
