import { readFileSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { loadState } from '../../src/devstack/stack-state.js';
import { waitForExit } from '../../src/devstack/process-facts.js';
import { isLocked, ParentProcess, processesOf, projectFolder } from '../support/parent-process.js';

// These need the build: the children are Node programs of ours.
describe('the embedded stack with all its services', () => {
  let folder: Awaited<ReturnType<typeof projectFolder>>;
  let parent: ParentProcess | undefined;
  const startParent = (only: string) =>
    (parent = new ParentProcess({ projectDir: folder.path, only }));

  beforeEach(async () => {
    folder = await projectFolder();
  });
  afterEach(async () => {
    await parent?.end('SIGINT');
    await folder.remove();
  });

  it('serves all four, with keys that the services take, and ends them all on Ctrl-C', async () => {
    const services = await startParent('postgres,temporal,langfuse,model').ready();
    const { langfuse, model } = services;
    const basic = Buffer.from(`${langfuse?.publicKey ?? ''}:${langfuse?.secretKey ?? ''}`);
    const projects = await fetch(`${langfuse?.url ?? ''}/api/public/projects`, {
      headers: { authorization: `Basic ${basic.toString('base64')}` },
    });
    expect(projects.status).toBe(200);
    expect(JSON.stringify(await projects.json())).toContain(langfuse?.projectId);
    const models = await fetch(`${model?.url ?? ''}/models`, {
      headers: { authorization: `Bearer ${model?.apiKey ?? ''}` },
    });
    expect(models.status).toBe(200);

    const processes = Object.values(loadState(folder.path).processes);
    expect(processes).toHaveLength(4);
    expect(await parent?.end('SIGINT')).toBe(0);
    for (const identity of processes) expect(await waitForExit(identity, 0)).toBe(true);
    expect(processesOf(folder.path)).toEqual([]);
    expect(isLocked(folder.path)).toBe(false);
  });

  it('ends its Node children by themselves when the parent is killed', async () => {
    await startParent('model').ready();
    const { model } = loadState(folder.path).processes;
    expect(model).toBeDefined();
    await parent?.end('SIGKILL');
    if (model !== undefined) expect(await waitForExit(model, 30_000)).toBe(true);
  });

  it('never shows keys to other users in a command line', async () => {
    const services = await startParent('postgres,model').ready();
    const secrets = [services.model?.apiKey ?? '', new URL(services.postgres?.url ?? '').password];
    const lines = Object.values(loadState(folder.path).processes).map(({ pid }) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
    );
    expect(lines).toHaveLength(2);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20);
      for (const line of lines) expect(line).not.toContain(secret);
    }
  });
});
