import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { setLangfuseTracerProvider, startObservation } from '@langfuse/tracing';
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { TracerProvider } from '@opentelemetry/sdk-trace';

import { registerTracing, type TracingEvent } from '../../src/tracing/register.js';
import { collect, treeOf } from '../unit/tracing/support.js';

/** Stands where a project's own exporter would send to. */
let platform: Server;
let exports = 0;
beforeAll(async () => {
  platform = createServer((request, response) => {
    exports += 1;
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => platform.close(resolve)));

const processor = (): LangfuseSpanProcessor =>
  new LangfuseSpanProcessor({
    baseUrl: `http://127.0.0.1:${(platform.address() as AddressInfo).port}`,
    publicKey: 'pk-lf-theirs',
    secretKey: 'sk-lf-theirs',
    exportMode: 'immediate',
  });

describe('a project’s own instrumentation file beside the worker’s', () => {
  const told: TracingEvent[] = [];
  const tracing = registerTracing((event) => told.push(event));
  const spansOfCell = async (): Promise<readonly string[]> => {
    const { spans } = await collect(tracing, () => {
      startObservation('with langfuse').end();
      trace.getTracer('raw').startSpan('with opentelemetry').end();
    });
    return treeOf(spans);
  };
  const both = ['target > with langfuse', 'target > with opentelemetry'];

  it('that starts a NodeSDK with LangfuseSpanProcessor changes nothing: nothing is exported twice', async () => {
    const own = processor();
    const sdk = new NodeSDK({ spanProcessors: [own] });
    sdk.start();
    expect(await spansOfCell()).toEqual(both);
    await own.forceFlush();
    expect(exports).toBe(0);
    await sdk.shutdown();
    expect(await spansOfCell()).toEqual(both);
  });

  it('that gives @langfuse/tracing a provider of its own has it replaced, and the log says so', async () => {
    const own = processor();
    setLangfuseTracerProvider(new TracerProvider({ spanProcessors: [own] }));
    expect(await spansOfCell()).toEqual(both);
    await own.forceFlush();
    expect(exports).toBe(0);
    expect(told).toEqual([{ kind: 'replaced', provider: 'langfuse' }]);
  });

  it('that was there first, or forces its own, has it replaced, and the log says so', async () => {
    told.length = 0;
    const own = processor();
    trace.disable();
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [own] }));
    expect(await spansOfCell()).toEqual(both);
    await own.forceFlush();
    expect(exports).toBe(0);
    expect(told).toEqual([{ kind: 'replaced', provider: 'global' }]);
  });

  it('really would have exported: the exporter works where no cell is', async () => {
    const own = processor();
    const span = new TracerProvider({ spanProcessors: [own] })
      .getTracer('langfuse-sdk')
      .startSpan('x');
    span.end();
    await own.forceFlush();
    expect(exports).toBe(1);
    await own.shutdown();
  });
});
