import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startActiveObservation } from '@langfuse/tracing';

import { apiOfProject } from '../../../src/tracing/api-copies.js';
import { registerTracing, type TracingEvent } from '../../../src/tracing/register.js';
import { checkTracing } from '../../../src/cli/commands/doctor/tracing-check.js';
import type { CellTracing } from '../../../src/tracing/port.js';
import { apiProject, type InstalledApi } from './api-project.js';
import { collect, treeOf } from './support.js';

describe('a project with copies of OpenTelemetry’s API of its own', () => {
  let project: Awaited<ReturnType<typeof apiProject>>;
  let tracing: CellTracing;
  const told: TracingEvent[] = [];
  const apis: Record<string, InstalledApi> = {};
  beforeAll(async () => {
    project = await apiProject();
    apis['newer'] = await project.install('1.87.0');
    apis['newest'] = await project.install('1.99.3', '@team/instrumentation');
    apis['older'] = await project.install('1.4.0', 'old-library');
    tracing = registerTracing((event) => told.push(event), await apiOfProject(project.folder));
  });
  afterAll(() => project.remove());

  it.each(['newer', 'newest', 'older'])(
    'has the spans of all in the traces of its cells: %s than Assay’s',
    async (which) => {
      const api = apis[which];
      const { spans } = await collect(tracing, () =>
        startActiveObservation('with ours', () =>
          api?.trace.getTracer('team').startActiveSpan('outer', (outer) => {
            api.trace.getTracer('team').startSpan('inner').end();
            expect(api.trace.getActiveSpan()).toBe(outer);
            outer.end();
          }),
        ),
      );
      expect(treeOf(spans)).toEqual(['target > with ours', 'with ours > outer', 'outer > inner']);
      expect(told).toEqual([]);
    },
  );

  it('is told by doctor through which copy', async () => {
    expect(await checkTracing(project.folder)).toMatchObject({
      state: 'ok',
      found: expect.stringContaining('1.99.3'),
    });
  });

  it('is told by doctor which copies no version 1 can serve, with the mend', async () => {
    const other = await apiProject();
    try {
      await other.install('1.9.9');
      await other.install('2.0.0', 'from-the-future');
      await other.install('1.12.0-rc.1', 'from-a-branch');
      const check = await checkTracing(other.folder);
      expect(check).toMatchObject({
        state: 'warn',
        mend: expect.stringContaining('npm install @opentelemetry/api@1'),
      });
      expect(check.details?.map((line) => line.split(' ')[0]).sort()).toEqual([
        '1.12.0-rc.1',
        '2.0.0',
      ]);
    } finally {
      await other.remove();
    }
  });

  it('is skipped by doctor where it has none', async () => {
    const other = await apiProject();
    expect(await checkTracing(other.folder)).toMatchObject({ state: 'skip' });
    await other.remove();
  });
});
