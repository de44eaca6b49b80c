import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { apiOfProject } from '../../../src/tracing/api-copies.js';
import { registerTracing, type TracingEvent } from '../../../src/tracing/register.js';
import { logTracing } from '../../../src/workers/log-tracing.js';
import { apiProject } from './api-project.js';

describe('a copy of the API that was loaded first, of a version that others cannot use', () => {
  let project: Awaited<ReturnType<typeof apiProject>>;
  beforeAll(async () => {
    project = await apiProject();
  });
  afterAll(() => project.remove());

  it('is told once when the worker starts, with the copies and what to do', async () => {
    const first = await project.install('1.2.0', 'preloaded');
    await project.install('1.99.0');
    first.trace.setGlobalTracerProvider(first.trace.getTracerProvider());
    const told: TracingEvent[] = [];
    const choice = await apiOfProject(project.folder);
    for (let time = 0; time < 2; time += 1) registerTracing((event) => told.push(event), choice);
    const versions = told.flatMap((event) => (event.kind === 'blind' ? event.copies : []));
    expect(told).toHaveLength(1);
    expect(versions.map(({ version }) => version).sort()).toEqual(['1.2.0', '1.99.0']);
    const lines: string[] = [];
    const [event] = told;
    if (event !== undefined) logTracing(event, pino({}, { write: (line) => lines.push(line) }));
    expect(lines.join()).toMatch(/1\.99\.0 in .*npm install @opentelemetry\/api@1/s);
  });
});
