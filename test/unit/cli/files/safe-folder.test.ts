import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { watch } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { folderOf } from '../../../../src/cli/files/folder-names.js';
import { safeFolders, writeFolder } from '../../../../src/cli/files/safe-folder.js';
import { AssayError } from '../../../../src/core/errors/assay-error.js';
import { pullMark } from '../../../../src/core/pull-mark.js';
import { openLocalDataset } from '../../../../src/datasets/local-dataset.js';
import { readPromptFolders } from '../../../../src/prompts/prompt-folders.js';
import { until } from '../../../support/until.js';

let base: string;
let root: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'assay-safe-'));
  root = join(base, 'targets');
});
afterEach(() => rm(base, { recursive: true, force: true }));

const named = (...names: readonly string[]) =>
  safeFolders(
    root,
    names.map((name) => ({ name })),
  );

async function problemsOf(work: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!AssayError.is(error)) throw new Error(`no error of ours: ${String(error)}`);
  expect(error.code).toBe('NAME_UNSAFE');
  return error.problems.map(({ at, message }) => `${at}: ${message}`);
}

const put = async (name: string, text: string): Promise<void> => {
  const [folder] = await named(name);
  if (folder === undefined) throw new Error('no folder');
  await writeFolder(folder, { files: ['prompt.txt'] }, (drafts) =>
    drafts['prompt.txt'].write(text),
  );
};

describe('names of a platform as folders', () => {
  it.each([
    ['../x', /leave its folder/],
    ['a/../../x', /leave its folder/],
    ['a/.. /x', /leave its folder/],
    ['..', /leave its folder/],
    ['.', /leave its folder/],
    ['..\\x', /leave its folder/],
    ['a\\b', /backslash/],
    ['/etc/passwd', /absolute/],
    ['\\\\server\\share', /absolute/],
    ['C:\\x', /absolute/],
    ['c:x', /absolute/],
    ['~/x', /absolute/],
    ['', /empty/],
    ['  ', /empty/],
    ['a\u0000b', /cannot be shown/],
    ['a\nb', /cannot be shown/],
    ['\ud800', /cannot be shown/],
    ['CON', /reserved by Windows/],
    ['aux.txt', /reserved by Windows/],
    ['lpt1', /reserved by Windows/],
    ['constructor', /JavaScript/],
    ['x'.repeat(101), /longer than 100/],
  ])('refuse %j', async (name, message) => {
    expect(await problemsOf(named(name))).toEqual([expect.stringMatching(message) as unknown]);
    expect(await readdir(base)).toEqual([]);
  });

  it.each([
    ['triage', 'triage'],
    ['Triage_v2.1', 'Triage_v2.1'],
    ['team/triage v2', 'team-triage-v2'],
    ['.hidden', 'hidden'],
    ['dots...', 'dots'],
  ])('%j is the folder %j', async (name, folder) => {
    expect(await named(name)).toEqual([{ name, root, folder, path: join(root, folder) }]);
  });

  it('give a name without a plain letter a folder of its own', async () => {
    const [one, two] = await named('質問', '回答');
    expect(one?.folder).toMatch(/^x-[0-9a-f]{8}$/);
    expect(two?.folder).not.toBe(one?.folder);
  });

  it('are one level below the root whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (name) => {
        const found = folderOf(name);
        if ('folder' in found) expect(found.folder).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/);
        if ('folder' in found) expect(found.folder).not.toContain('..');
      }),
    );
  });

  it('say all problems at once, two names of one folder and of one but for case among them', async () => {
    const problems = await problemsOf(named('../x', 'team/a', 'team-a', 'Reply', 'reply'));
    expect(problems).toEqual([
      expect.stringContaining('"../x"') as unknown,
      expect.stringContaining('"team/a", "team-a"') as unknown,
      expect.stringContaining('"Reply", "reply"') as unknown,
    ]);
  });

  it('meet no folder that differs in case only', async () => {
    await mkdir(join(root, 'Reply'), { recursive: true });
    expect(await problemsOf(named('reply'))).toEqual([
      expect.stringContaining('in case only') as unknown,
    ]);
  });

  it('follow no link, neither of a folder nor of the root', async () => {
    const elsewhere = join(base, 'elsewhere');
    await mkdir(elsewhere);
    await mkdir(root);
    await symlink(elsewhere, join(root, 'triage'));
    expect(await problemsOf(named('triage'))).toEqual([
      expect.stringContaining('a link') as unknown,
    ]);
    await rm(root, { recursive: true });
    await symlink(elsewhere, root);
    expect(await problemsOf(named('reply'))).toEqual([
      expect.stringContaining('a link') as unknown,
    ]);
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it('take the folder that holds the name already, and none outside', async () => {
    expect(await safeFolders(root, [{ name: 'team/a', folder: 'a' }])).toMatchObject([
      { folder: 'a' },
    ]);
    await problemsOf(safeFolders(root, [{ name: 'a', folder: '../a' }]));
    await problemsOf(safeFolders(root, [{ name: 'a', folder: '..' }]));
  });
});

describe('files of a folder', () => {
  it('appear together in a new folder, and replace those of one that is there', async () => {
    await put('triage', 'one');
    await writeFile(join(root, 'triage', 'notes.md'), 'kept');
    await put('triage', 'two');
    expect(await readFile(join(root, 'triage', 'prompt.txt'), 'utf8')).toBe('two');
    expect((await readdir(join(root, 'triage'))).sort()).toEqual(['notes.md', 'prompt.txt']);
    expect(await readdir(root)).toEqual(['triage']);
  });

  it('stay as they were where the work fails, with nothing beside them', async () => {
    await put('triage', 'one');
    for (const name of ['triage', 'reply']) {
      const [folder] = await named(name);
      if (folder === undefined) throw new Error('no folder');
      await expect(
        writeFolder(folder, { files: ['prompt.txt'] }, async (drafts) => {
          await drafts['prompt.txt'].write('half');
          throw new Error('the platform went away');
        }),
      ).rejects.toThrow('went away');
    }
    expect(await readdir(root)).toEqual(['triage']);
    expect(await readFile(join(root, 'triage', 'prompt.txt'), 'utf8')).toBe('one');
  });

  it('take the other form away', async () => {
    await put('triage', 'one');
    const [folder] = await named('triage');
    if (folder === undefined) throw new Error('no folder');
    const of = { files: ['prompt.yaml'], remove: ['prompt.txt'] } as const;
    await writeFolder(folder, of, (drafts) => drafts['prompt.yaml'].write('messages: []'));
    expect(await readdir(join(root, 'triage'))).toEqual(['prompt.yaml']);
  });

  it('are marked as half done from before the first takes its place until the last has', async () => {
    await put('triage', 'one');
    const seen: (string | null)[] = [];
    const watcher = watch(join(root, 'triage'), (_event, file) => seen.push(file));
    const [folder] = await named('triage');
    if (folder === undefined) throw new Error('no folder');
    const of = { files: ['prompt.yaml', '.metadata.yaml'], remove: ['prompt.txt'] } as const;
    await writeFolder(folder, of, async (drafts) => {
      await drafts['prompt.yaml'].write('messages: []');
      await drafts['.metadata.yaml'].write('{}');
    });
    await until(() => seen.lastIndexOf(pullMark) > seen.indexOf('prompt.txt'));
    watcher.close();
    for (const file of [...of.files, ...of.remove]) {
      expect(seen.indexOf(pullMark)).toBeLessThan(seen.indexOf(file));
      expect(seen.lastIndexOf(pullMark)).toBeGreaterThan(seen.lastIndexOf(file));
    }
    expect((await readdir(folder.path)).sort()).toEqual(['.metadata.yaml', 'prompt.yaml']);
  });

  it('that a kill left half done are refused by who reads them, until they were written anew', async () => {
    await put('triage', 'one');
    await writeFile(join(root, 'triage', 'test_cases.json'), '[{"id":"a","inputs":{}}]');
    await writeFile(join(root, 'triage', pullMark), '');
    await expect(readPromptFolders(root, ['triage'])).rejects.toMatchObject({
      code: 'PROMPT_INVALID',
      problems: [expect.objectContaining({ message: expect.stringContaining('interrupted') })],
    });
    await expect(openLocalDataset(root, 'triage')).rejects.toMatchObject({
      code: 'PULL_INTERRUPTED',
    });
    await put('triage', 'two');
    expect(await readPromptFolders(root, ['triage'])).toHaveLength(1);
    expect(await openLocalDataset(root, 'triage')).toBeDefined();
  });

  it('leave no draft of a killed process behind for longer than a day', async () => {
    await mkdir(join(root, '.triage.0123abcd.tmp'), { recursive: true });
    await mkdir(join(root, '.triage.4567abcd.tmp'));
    await utimes(join(root, '.triage.0123abcd.tmp'), new Date(0), new Date(0));
    await put('triage', 'one');
    expect((await readdir(root)).sort()).toEqual(['.triage.4567abcd.tmp', 'triage']);
  });

  it('are never written through a link, of the folder or of a file, that came meanwhile', async () => {
    const outside = join(base, 'outside.txt');
    await writeFile(outside, 'untouched');
    await mkdir(join(root, 'triage'), { recursive: true });
    await symlink(outside, join(root, 'triage', 'prompt.txt'));
    expect(await problemsOf(put('triage', 'pulled'))).toEqual([
      expect.stringContaining('a link') as unknown,
    ]);
    const [folder] = await named('reply');
    if (folder === undefined) throw new Error('no folder');
    const late = writeFolder(folder, { files: ['prompt.txt'] }, async (drafts) => {
      await drafts['prompt.txt'].write('pulled');
      await symlink(base, folder.path);
    });
    await problemsOf(late);
    expect(await readFile(outside, 'utf8')).toBe('untouched');
    expect((await readdir(base)).sort()).toEqual(['outside.txt', 'targets']);
    expect((await readdir(root)).sort()).toEqual(['reply', 'triage']);
  });
});
