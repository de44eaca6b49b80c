import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { knownDatasetsFolder, rememberProject, resolveProject } from '../../../src/cli/settings.js';

describe('which project a command means', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-settings-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const resolve = (option?: string, variable?: string): Promise<string> =>
    resolveProject({ option, environment: { ASSAY_PROJECT: variable }, folder });

  it('is the option, else the variable, else what was remembered', async () => {
    await rememberProject(folder, 'remembered');
    expect(await resolve('option', 'variable')).toBe('option');
    expect(await resolve(undefined, 'variable')).toBe('variable');
    expect(await resolve(undefined, '')).toBe('remembered');
  });

  it('is a usage error with its mend where nothing says so', async () => {
    await expect(resolve()).rejects.toMatchObject({
      code: 'USAGE',
      mend: expect.stringContaining('assay config check'),
    });
  });

  it('is never a text that is no project id, wherever it comes from', async () => {
    await expect(resolve('../etc')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(resolve(undefined, 'Upper')).rejects.toMatchObject({ code: 'USAGE' });
    await mkdir(join(folder, '.assay'));
    await writeFile(join(folder, '.assay', 'settings.json'), '{"project":"A B"}');
    await expect(resolve()).rejects.toMatchObject({ code: 'JSON_INVALID' });
  });

  it('is written by rename, beside settings that it does not know', async () => {
    await mkdir(join(folder, '.assay'));
    const file = join(folder, '.assay', 'settings.json');
    await writeFile(file, '{"project":"old","other":1}');
    await rememberProject(folder, 'new');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ project: 'new', other: 1 });
    expect((await readdir(join(folder, '.assay'))).sort()).toEqual(['.gitignore', 'settings.json']);
  });

  it('stands in a folder that git takes nothing of, and leaves what somebody else ignores there', async () => {
    const ignored = join(folder, '.assay', '.gitignore');
    await rememberProject(folder, 'first');
    expect(await readFile(ignored, 'utf8')).toBe('*\n');
    await writeFile(ignored, '*\n!settings.json\n');
    await rememberProject(folder, 'second');
    expect(await readFile(ignored, 'utf8')).toBe('*\n!settings.json\n');
  });

  it('comes with the folder of the datasets, which who does not know it leaves alone', async () => {
    expect(await knownDatasetsFolder(folder)).toBeUndefined();
    await rememberProject(folder, 'shop', { datasetsFolder: 'evals' });
    await rememberProject(folder, 'shop');
    await rememberProject(folder, 'other');
    expect(await knownDatasetsFolder(folder)).toBe('evals');
  });

  it('replaces settings that are damaged', async () => {
    await mkdir(join(folder, '.assay'));
    await writeFile(join(folder, '.assay', 'settings.json'), '{');
    await rememberProject(folder, 'new');
    expect(await resolve()).toBe('new');
  });

  it('makes a folder that the embedded Postgres gets through and nobody else can read', async () => {
    await rememberProject(folder, 'new');
    expect((await stat(join(folder, '.assay'))).mode & 0o777).toBe(0o711);
  });
});
