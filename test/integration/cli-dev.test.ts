import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isLocked, processesOf } from '../support/parent-process.js';
import { assay, CliProcess, cliProject, startDev } from './cli-process.js';

const slow = 180_000;

describe('assay dev', () => {
  let project: Awaited<ReturnType<typeof cliProject>>;
  beforeEach(async () => {
    project = await cliProject();
  });
  afterEach(() => project.remove());

  it(
    'tells later commands what its config says, leaves nothing behind at Ctrl-C, and finds its data again',
    async () => {
      const first = await startDev(project.path);
      const settings = join(project.path, '.assay', 'settings.json');
      const remembered: unknown = JSON.parse(readFileSync(settings, 'utf8'));
      const run = ['--dataset', 'words', '--target', 'shout', '--name', 'kept', '--verify', 'off'];
      const ran = await assay(['experiment', 'run', ...run], { folder: project.path });
      expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
      const file = join(project.path, 'assay.config.ts');
      writeFileSync(file, readFileSync(file, 'utf8').replace('    slow: {', '    later: {'));
      await first.process.until(({ stderr }) => stderr.includes('run the edited config'));
      const planned = ['experiment', 'plan', '--dataset', 'words', '--target', 'later'];
      expect((await assay(planned, { folder: project.path })).code).toBe(0);
      expect((await first.process.stop('SIGINT')).code).toBe(0);
      expect(remembered).toMatchObject({
        project: 'cli-project',
        datasetsFolder: expect.any(String),
        backend: expect.any(String),
        models: expect.any(Array),
      });
      expect(processesOf(project.path)).toEqual([]);
      expect(isLocked(project.path)).toBe(false);
      expect(readFileSync(join(project.path, '.assay', 'logs', 'worker.log'), 'utf8')).toContain(
        '"ready":true',
      );

      const second = await startDev(project.path, '--no-worker');
      expect(second.ready).toMatchObject({ project: 'cli-project', workers: 0 });
      const status = await assay(['experiment', 'status', 'kept', '--json'], {
        folder: project.path,
      });
      expect(JSON.parse(status.stdout)).toMatchObject({ status: 'completed' });
      expect((await second.process.stop('SIGTERM')).code).toBe(0);
      expect(processesOf(project.path)).toEqual([]);
    },
    slow,
  );

  it(
    'ends with what is wrong with the config, and leaves nothing behind',
    async () => {
      const file = join(project.path, 'assay.config.ts');
      const config = readFileSync(file, 'utf8').replace("kind: 'exact_match'", "kind: 'nonsense'");
      writeFileSync(file, config);
      const { code, stderr, stdout } = await assay(['dev'], { folder: project.path });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('(CONFIG_INVALID)');
      expect(stderr).toContain('evaluators.same');
      expect(processesOf(project.path)).toEqual([]);
    },
    slow,
  );

  it(
    'can be left while it starts',
    async () => {
      const starting = new CliProcess(['dev'], { folder: project.path });
      await starting.until(({ stderr }) => stderr.includes('is ready'));
      expect((await starting.stop('SIGINT')).code).toBe(0);
      expect(processesOf(project.path)).toEqual([]);
      expect(isLocked(project.path)).toBe(false);
    },
    slow,
  );

  it(
    'serves a folder without a config',
    async () => {
      rmSync(join(project.path, 'assay.config.ts'));
      const { ready, process } = await startDev(project.path);
      expect(ready).toMatchObject({ project: null, workers: 0 });
      expect((await process.stop()).code).toBe(0);
    },
    slow,
  );
});
