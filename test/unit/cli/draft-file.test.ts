import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { withDrafts } from '../../../src/cli/results/draft-file.js';

describe('files of a run', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-drafts-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('take their names only when all are whole', async () => {
    const paths = { a: join(folder, 'deep', 'a.txt'), b: join(folder, 'deep', 'b.txt') };
    await withDrafts(paths, async ({ a, b }) => {
      await a.write('one ');
      await a.write('two');
      // Beyond what is kept in memory.
      await b.write('x'.repeat(600_000));
      expect((await readdir(join(folder, 'deep'))).filter((name) => !name.startsWith('.'))).toEqual(
        [],
      );
    });
    expect((await readdir(join(folder, 'deep'))).sort()).toEqual(['a.txt', 'b.txt']);
    expect(await readFile(paths.a, 'utf8')).toBe('one two');
    expect((await readFile(paths.b, 'utf8')).length).toBe(600_000);
  });

  it('name the file that cannot be written, with a mend, and leave nothing behind', async () => {
    await writeFile(join(folder, 'taken'), 'a file where a folder is needed');
    const paths = { a: join(folder, 'a.txt'), b: join(folder, 'taken', 'b.txt') };
    await expect(withDrafts(paths, () => Promise.resolve())).rejects.toMatchObject({
      code: 'FILE_UNWRITABLE',
      message: expect.stringContaining(paths.b),
      mend: expect.stringContaining('--out'),
    });
    expect(await readdir(folder)).toEqual(['taken']);
  });

  it('leave what was there, and nothing else, when the work fails', async () => {
    const path = join(folder, 'report.md');
    await writeFile(path, 'of before');
    const work = withDrafts({ path }, async (drafts) => {
      await drafts.path.write('half');
      throw new Error('the store went away');
    });
    await expect(work).rejects.toThrow('the store went away');
    expect(await readdir(folder)).toEqual(['report.md']);
    expect(await readFile(path, 'utf8')).toBe('of before');
  });

  it('leave nothing where one of several cannot be opened', async () => {
    await writeFile(join(folder, 'file'), '');
    const paths = { good: join(folder, 'good'), bad: join(folder, 'file', 'below') };
    await expect(withDrafts(paths, () => Promise.resolve())).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['file']);
  });
});
