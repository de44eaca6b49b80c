import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { keepHealthFile } from '../../../src/cli/io/health-file.js';
import { until } from '../../support/until.js';

describe('the health file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-health-'));
    file = join(folder, 'healthy');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const ageMs = async (): Promise<number> => Date.now() - (await stat(file)).mtimeMs;
  const makeOld = (): Promise<void> => utimes(file, new Date(0), new Date(0));

  it('is touched for as long as all is well, also after somebody removed it', async () => {
    const health = await keepHealthFile(file, () => true, 20);
    await makeOld();
    await until(async () => (await ageMs()) < 60_000);
    await rm(file);
    await until(async () => (await stat(file).catch(() => undefined)) !== undefined);
    await health.stop();
  });

  it('grows old while something is not well, and is touched again afterwards', async () => {
    let well = false;
    let looks = 0;
    const isWell = (): boolean => {
      looks += 1;
      return well;
    };
    const health = await keepHealthFile(file, isWell, 20);
    const looked = async (times: number): Promise<void> => {
      const before = looks;
      await until(() => looks >= before + times);
    };
    expect(await stat(file).catch(() => 'none')).toBe('none');
    well = true;
    await until(async () => (await stat(file).catch(() => undefined)) !== undefined);
    well = false;
    await looked(3);
    await makeOld();
    await looked(5);
    expect(await ageMs()).toBeGreaterThan(60_000);
    await health.stop();
  });

  it('is gone once the workers stop, so that nobody takes them for well', async () => {
    const health = await keepHealthFile(file, () => true, 20);
    await health.stop();
    expect(await stat(file).catch(() => 'none')).toBe('none');
  });

  it('is a usage error where it cannot be written', async () => {
    await expect(keepHealthFile(join(file, 'below'), () => true)).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});
