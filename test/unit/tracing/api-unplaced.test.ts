import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startActiveObservation } from '@langfuse/tracing';

import { checkTracing } from '../../../src/cli/commands/doctor/tracing-check.js';
import { apiOfProject } from '../../../src/tracing/api-copies.js';
import { registerTracing, type TracingEvent } from '../../../src/tracing/register.js';
import { apiProject } from './api-project.js';
import { collect, treeOf } from './support.js';

describe('an installation in which no folder of packages shows Assay’s own copy of the API', () => {
  let folder: string;
  let project: Awaited<ReturnType<typeof apiProject>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-bundled-'));
    project = await apiProject();
    await project.install('1.4.0', 'old-library');
    await project.install('2.0.0', 'from-the-future');
  });
  afterAll(() => Promise.all([project.remove(), rm(folder, { recursive: true, force: true })]));
  const bundled = () => pathToFileURL(join(folder, 'worker.mjs')).href;

  it.each([
    ['a file far from packages', bundled],
    ['a module that is no file', () => 'data:text/javascript,0'],
    ['a module without an address', () => ''],
  ])('keeps no worker from starting: %s', async (_, module) => {
    expect(await apiOfProject(project.folder, module())).toMatchObject({
      registrar: undefined,
      project: [{ version: expect.any(String) }, { version: expect.any(String) }],
    });
  });

  it('collects spans through the copy that Assay imports, and tells once who does not see it', async () => {
    const told: TracingEvent[] = [];
    const choice = await apiOfProject(project.folder, bundled());
    const tell = (event: TracingEvent): void => void told.push(event);
    const tracing = registerTracing(tell, choice);
    registerTracing(tell, choice);
    const { spans } = await collect(tracing, () =>
      startActiveObservation('with ours', () => undefined),
    );
    expect(treeOf(spans)).toEqual(['target > with ours']);
    expect(told).toMatchObject([{ kind: 'blind', copies: [{ version: '2.0.0' }] }]);
  });

  it('is told by doctor as a warning, with what to do', async () => {
    expect(await checkTracing(project.folder, bundled())).toMatchObject({
      state: 'warn',
      mend: expect.stringContaining('npm install @opentelemetry/api@1'),
    });
  });
});
