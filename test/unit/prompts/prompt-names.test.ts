import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { readPromptFolders } from '../../../src/prompts/prompt-folders.js';
import { meantPrompt, promptHomes, similarNames } from '../../../src/prompts/prompt-names.js';

const homes = [
  { folder: 'triage', name: 'support/triage' },
  { folder: 'greeter', name: 'greeter' },
];
const asking = (there: readonly string[] | undefined) => ({
  homes,
  isThere: (name: string) => Promise.resolve(there?.includes(name)),
});

describe('the name of a prompt', () => {
  it('may be that of its folder, whose metadata says what the platforms call it', async () => {
    expect(await meantPrompt('triage', asking([]))).toEqual({
      name: 'support/triage',
      folder: 'triage',
    });
    expect(await meantPrompt('support/triage', asking([]))).toEqual({ name: 'support/triage' });
    expect(await meantPrompt('greeter', asking([]))).toEqual({ name: 'greeter' });
  });

  it('may be one of which there is no folder here', async () => {
    expect(await meantPrompt('other', asking(['other']))).toEqual({ name: 'other' });
  });

  it("that is a folder's and another prompt's of the platform is refused with both", async () => {
    await expect(meantPrompt('triage', asking(['triage']))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/"support\/triage".*the platform has another/) as unknown,
      mend: 'Say "support/triage", or "triage" with --exact.',
    });
  });

  it("that is a folder's and that of the prompt in another folder is refused with both", async () => {
    const two = [...homes, { folder: 'old', name: 'triage' }];
    await expect(meantPrompt('triage', { ...asking([]), homes: two })).rejects.toThrow(
      'the folder old holds another prompt',
    );
  });

  it('goes by the folder where the platform does not say what it has', async () => {
    expect(await meantPrompt('triage', asking(undefined))).toMatchObject({
      name: 'support/triage',
    });
  });

  it.each([
    ['triage', ['support/triage', 'greeter'], ['support/triage']],
    ['suport/triage', ['support/triage'], ['support/triage']],
    ['triag', ['support/triage'], ['support/triage']],
    ['team/greeter', ['greeter'], ['greeter']],
    ['triage', ['triage', 'billing'], []],
  ])('%j is like %j: %j', (given, names, expected) => {
    expect(similarNames(given, names)).toEqual(expected);
  });
});

describe('folders of prompts', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'assay-names-'));
    for (const [folder, metadata] of [
      ['triage', 'name: support/triage'],
      ['old', 'name: triage'],
      ['greeter', ''],
    ] as const) {
      await mkdir(join(root, folder));
      await writeFile(join(root, folder, 'prompt.txt'), 'Hello');
      await writeFile(join(root, folder, '.metadata.yaml'), metadata);
    }
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('are listed with what the platforms call their prompts; none where there is no such folder', async () => {
    expect(await promptHomes(root)).toEqual([
      { folder: 'greeter', name: 'greeter' },
      { folder: 'old', name: 'triage' },
      { folder: 'triage', name: 'support/triage' },
    ]);
    expect(await promptHomes(join(root, 'nowhere'))).toEqual([]);
  });

  it("that share a name with another's prompt are not guessed between", async () => {
    await expect(readPromptFolders(root, ['triage'])).rejects.toMatchObject({ code: 'USAGE' });
    expect(await readPromptFolders(root, ['support/triage'])).toMatchObject([{ folder: 'triage' }]);
  });

  it('that are not there are an error, and so is a name, with what may have been meant', async () => {
    await expect(readPromptFolders(join(root, 'nodir'))).rejects.toMatchObject({
      code: 'USAGE',
      message: `There is no folder ${join(root, 'nodir')}.`,
    });
    await expect(readPromptFolders(root, ['greter'])).rejects.toMatchObject({
      code: 'PROMPT_NOT_FOUND',
      mend: 'Did you mean greeter?',
    });
  });
});
