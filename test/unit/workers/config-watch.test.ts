import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { watchConfig, type ConfigWatch } from '../../../src/workers/config-watch.js';
import { configCode } from '../../../src/workers/load-config.js';
import { until } from '../../support/until.js';

describe('the watch over a config', () => {
  let folder: string;
  let watch: ConfigWatch | undefined;
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-watch-'));
    await write('fn.ts', 'export const answer: number = 1;\n');
    await write(
      'assay.config.ts',
      `import { answer } from './fn.js';\nexport default { answer };\n`,
    );
  });
  afterEach(async () => {
    await watch?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const begin = async () => {
    const seen = { changes: [] as string[], broken: 0 };
    watch = watchConfig(folder, {
      everyMs: 20,
      onChange: (hash) => seen.changes.push(hash),
      onBroken: () => (seen.broken += 1),
    });
    await watch.begun;
    return seen;
  };

  it('tells of an edit in a module that the config imports, and not of a comment', async () => {
    const seen = await begin();
    await write('fn.ts', '// why\nexport const answer: number = 1;\n');
    await wait(300);
    expect(seen.changes).toEqual([]);
    await write('fn.ts', 'export const answer: number = 2;\n');
    await until(() => Promise.resolve(seen.changes.length > 0));
    expect(seen.changes).toEqual([(await configCode(folder)).codeHash]);
  });

  it('tells once that the files cannot be built, and goes on once a missing module is there', async () => {
    const seen = await begin();
    await write('assay.config.ts', `import { more } from './more.js';\nexport default { more };\n`);
    await until(() => Promise.resolve(seen.broken > 0));
    await wait(100);
    expect(seen).toEqual({ changes: [], broken: 1 });
    await write('more.ts', 'export const more = true;\n');
    await until(() => Promise.resolve(seen.changes.length > 0));
    await write('more.ts', 'export const more = false;\n');
    await until(() => Promise.resolve(seen.changes.length > 1));
    expect(seen.broken).toBe(1);
  });
});
