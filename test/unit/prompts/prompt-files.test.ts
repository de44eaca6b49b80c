import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { PromptBody, PromptContent } from '../../../src/contracts/prompt.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';
import { maxPromptBytes, promptContentHash } from '../../../src/core/prompts/content.js';
import { promptAsFiles } from '../../../src/prompts/prompt-files.js';
import { readPromptFolders } from '../../../src/prompts/prompt-folders.js';
import { readPromptSource } from '../../../src/prompts/prompt-source.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-prompts-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(folder: string, files: Readonly<Record<string, string | Buffer>>) {
  await mkdir(join(root, folder), { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(root, folder, file), text);
  return join(root, folder);
}

async function problemsOf(work: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!AssayError.is(error)) throw new Error(`no error of ours: ${String(error)}`);
  expect(error.code).toBe('PROMPT_INVALID');
  return error.problems.map(({ at, message }) => `${at.replace(`${root}/`, '')}: ${message}`);
}

describe('a prompt in files', () => {
  it('is its messages, and a config of what its metadata says', async () => {
    const path = await put('triage', {
      'prompt.txt': '--- system ---\nSort.\n--- user ---\n{{text}}\n',
      '.metadata.yaml':
        'name: team/triage\nmodel: small\nparameters: { temperature: 0 }\nresponse_format: { type: object }\nconfig: { owner: support }\nlabels: [staging]\ntags: [triage]\nvariables: [text]\ndescription: x\n',
    });
    const content: PromptContent = {
      body: {
        kind: 'chat',
        messages: [
          { role: 'system', content: 'Sort.' },
          { role: 'user', content: '{{text}}' },
        ],
      },
      config: {
        owner: 'support',
        model: 'small',
        parameters: { temperature: 0 },
        response_format: { type: 'object' },
      },
    };
    expect(await readPromptSource(path)).toMatchObject({
      name: 'team/triage',
      folder: 'triage',
      form: 'text',
      content,
      contentHash: promptContentHash(content),
      metadata: { labels: ['staging'], tags: ['triage'] },
    });
  });

  it('has the same content with other labels, tags and descriptions', async () => {
    const one = await put('one', { 'prompt.txt': 'x', '.metadata.yaml': 'labels: [a]' });
    const two = await put('two', { 'prompt.txt': 'x\r\n', '.metadata.yaml': 'tags: [b]' });
    expect((await readPromptSource(one)).contentHash).toBe(
      (await readPromptSource(two)).contentHash,
    );
  });

  it('is one text where its metadata says so', async () => {
    const path = await put('plain', {
      'prompt.txt': '--- system ---\nHello {{name}}\n',
      '.metadata.yaml': 'type: text',
    });
    expect((await readPromptSource(path)).content.body).toEqual({
      kind: 'text',
      text: '--- system ---\nHello {{name}}',
    });
  });

  it.each([
    ['messages: [{ role: user, content: hi }]', { kind: 'chat' }],
    ['- { role: tool, content: hi }\n- placeholder: rest', { kind: 'chat' }],
    ['text: "  kept  "', { kind: 'text', text: '  kept  ' }],
  ])('can be the YAML %j', async (yaml, body) => {
    const path = await put('yaml', { 'prompt.yaml': yaml });
    expect(await readPromptSource(path)).toMatchObject({ form: 'yaml', content: { body } });
  });
});

describe('prompts that cannot be pushed', () => {
  it('are all named at once, with line and column, and nothing is read further', async () => {
    await put('a', { 'prompt.txt': 'x', '.metadata.yaml': 'labels:\n  - fine\n  - latest\n' });
    await put('b', { '.metadata.yaml': 'name: b\n' });
    await put('c', { 'prompt.yaml': 'messages:\n  - role: user\n    content: [1\n' });
    await put('d', { 'prompt.txt': 'x', 'prompt.yaml': 'text: x' });
    await put('e', { 'prompt.txt': '{{a}}', '.metadata.yaml': 'variables: [b]' });
    await put('f', { 'prompt.txt': 'x', '.metadata.yaml': 'lables: [x]\n' });
    await put('not-a-prompt', { 'target.ts': 'export {}' });
    expect(await problemsOf(readPromptFolders(root))).toEqual([
      'a/.metadata.yaml:3:5: labels.1: "latest" is reserved: it is always on the newest version',
      'b/prompt.txt: is missing',
      expect.stringMatching(/^c\/prompt\.yaml:4:1: is not valid YAML: /) as unknown,
      'd/prompt.yaml: is there beside prompt.txt',
      'e/prompt.txt:1:1: uses the variable "a", which is not declared',
      'e/.metadata.yaml:1:13: declares the variable "b", which the prompt does not use',
      expect.stringMatching(/^f\/\.metadata\.yaml:1:1: "lables" is not known here/) as unknown,
    ]);
  });

  it.each([
    ['assay-mine', /reserved/],
    ['x'.repeat(37), /longer than 36/],
    ['Not Lower', /lower-case/],
  ])('have the label %s', async (label, message) => {
    const path = await put('a', {
      'prompt.txt': 'x',
      '.metadata.yaml': `labels: [${JSON.stringify(label)}]`,
    });
    expect(await problemsOf(readPromptSource(path))).toEqual([
      expect.stringMatching(message) as unknown,
    ]);
  });

  it('hide a bomb of aliases, which is not built', async () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level += 1) {
      const before = String.fromCharCode(96 + level);
      const name = String.fromCharCode(97 + level);
      lines.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
    }
    const path = await put('bomb', {
      'prompt.txt': 'x',
      '.metadata.yaml': `config:\n  ${lines.join('\n  ')}\n`,
    });
    expect(await problemsOf(readPromptSource(path))).toEqual([
      expect.stringMatching(/^bomb\/\.metadata\.yaml:3:\d+: .*alias/i) as unknown,
    ]);
  });

  it('are nested deeper than a reader can follow', async () => {
    const path = await put('deep', { 'prompt.yaml': '['.repeat(60_000) });
    expect((await problemsOf(readPromptSource(path)))[0]).toMatch(/not valid YAML/);
  });

  it('are over the size limit, counted with their config, or much larger', async () => {
    const over = await put('over', { 'prompt.txt': 'ä'.repeat(maxPromptBytes / 2 + 1) });
    expect(await problemsOf(readPromptSource(over))).toEqual([
      expect.stringContaining(`at most ${maxPromptBytes}`) as unknown,
    ]);
    const huge = await put('huge', { 'prompt.txt': 'x'.repeat(4 * maxPromptBytes + 1) });
    expect(await problemsOf(readPromptSource(huge))).toEqual([
      expect.stringContaining('is larger than') as unknown,
    ]);
  });

  it('are no UTF-8, or hold what no platform keeps', async () => {
    const latin = await put('latin', { 'prompt.txt': Buffer.from([0x61, 0xe4, 0x62]) });
    expect(await problemsOf(readPromptSource(latin))).toEqual(['latin/prompt.txt: is not UTF-8']);
    const half = await put('half', { 'prompt.yaml': 'text: "a\\ud800"' });
    expect((await problemsOf(readPromptSource(half)))[0]).toMatch(/surrogate|not valid YAML/);
  });

  it('say a setting twice', async () => {
    const path = await put('twice', {
      'prompt.txt': 'x',
      '.metadata.yaml': 'model: a\nconfig: { model: b }',
    });
    expect(await problemsOf(readPromptSource(path))).toEqual([
      'twice/.metadata.yaml: says model twice: once in config',
    ]);
  });

  it('share a name', async () => {
    await put('a', { 'prompt.txt': 'x', '.metadata.yaml': 'name: same' });
    await put('b', { 'prompt.txt': 'y', '.metadata.yaml': 'name: same' });
    expect(await problemsOf(readPromptFolders(root))).toEqual([
      expect.stringMatching(/^b: is called "same"/) as unknown,
    ]);
  });

  it.each([
    ['messages:\n  - role: sytem\n    content: x\n', '2:11: has the role "sytem"'],
    ['messages:\n  - role: user\n    contnt: x\n', '2:5: messages.0.content: is missing'],
    ['messages:\n  - role: user\n    contnt: x\n', '3:5: messages.0: "contnt" is not known here'],
    ['messages:\n  - role: user\n    content: 5\n', '3:14: messages.0.content: must be a text'],
    ['mesages:\n  - role: user\n    content: x\n', '1:1: "mesages" is not known here'],
    ['text: "a {{b"\n', '1:10: is not a valid template: a tag is not closed'],
    ['text: |\n  a\n  b {{c\n', '3:5: is not a valid template: a tag is not closed'],
    ['- role: user\n  content: |\n    a\n    {{> p}}\n', '4:5: uses the partial "p"'],
  ])('in YAML are where they stand: %j', async (yaml, expected) => {
    await put('a', { 'prompt.yaml': yaml });
    expect(await problemsOf(readPromptFolders(root))).toContain(`a/prompt.yaml:${expected}`);
  });

  it.each([
    ['one\ntwo {{x\n', '2:5: is not a valid template: a tag is not closed'],
    [
      '--- system ---\nkind\n\n--- user ---\n\n  a\r\nb {{/x}}\n',
      '7:3: is not a valid template: "x" is closed, and not open',
    ],
    ['--- sytem ---\nkind\n', '1:1: has the role "sytem"'],
    ['--- System ---\nkind\n', '1:1: has the role "System"'],
    ['a\n{{#b}}c\n', '2:1: is not a valid template: the section "b" is not closed'],
  ])('in a text are where they stand in the file: %j', async (text, expected) => {
    await put('a', { 'prompt.txt': text });
    expect(await problemsOf(readPromptFolders(root))).toContain(`a/prompt.txt:${expected}`);
  });

  it.each(['--- ticket ---\nx', '--- critic ---\nx', '-- sytem --\nx'])(
    'are not seen in lines of a text that only look like roles: %j',
    async (text) => {
      await put('a', { 'prompt.txt': text });
      expect(await readPromptFolders(root)).toHaveLength(1);
    },
  );

  it('are not there', async () => {
    await put('a', { 'prompt.txt': 'x' });
    await expect(readPromptFolders(root, ['b'])).rejects.toMatchObject({
      code: 'PROMPT_NOT_FOUND',
    });
    expect(await readPromptFolders(root, ['a'])).toHaveLength(1);
    await expect(readPromptFolders(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'USAGE' });
    await mkdir(join(root, 'empty'));
    expect(await readPromptFolders(join(root, 'empty'))).toEqual([]);
  });

  it('do not keep others from being read where only those are asked for', async () => {
    await put('a', { 'prompt.txt': 'x' });
    await put('b', { '.metadata.yaml': '[' });
    expect((await readPromptFolders(root, ['a'])).map(({ name }) => name)).toEqual(['a']);
  });
});

describe('a version as files', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('--- user ---', 'a\n\nb', ' x ', 'a\r\nb', '{{name}}'),
  );
  const message = fc.oneof(
    fc.record({ role: fc.constantFrom('system', 'user', 'assistant', 'tool'), content: text }),
    fc.record({ placeholder: fc.constantFrom('history', 'rest') }),
  );
  const body: fc.Arbitrary<PromptBody> = fc.oneof(
    text.filter((each) => each !== '').map((each) => ({ kind: 'text' as const, text: each })),
    fc
      .array(message, { minLength: 1, maxLength: 4 })
      .map((messages) => ({ kind: 'chat' as const, messages })),
  );
  const config = fc.record(
    {
      model: fc.constantFrom('small', 'openai/gpt-x', 3),
      parameters: fc.constantFrom({ temperature: 0 }, 'odd'),
      response_format: fc.constantFrom({ type: 'object' }, null),
      note: fc.string(),
    },
    { requiredKeys: [] },
  );

  it('reads as the same content', async () => {
    let folder = 0;
    await fc.assert(
      fc.asyncProperty(body, config, async (of, settings) => {
        const version = { name: 'x', tags: [], body: of, config: settings };
        const { files } = promptAsFiles(version, { folder: 'x' });
        const path = await put(`x${(folder += 1)}`, files);
        const read = await readPromptSource(path).catch((error: unknown) => error);
        // A template that no reader takes is refused, whatever file it comes from.
        if (AssayError.is(read)) {
          expect(
            read.problems.every(({ message: said }) => /template|partial|delimiter|NUL/.test(said)),
          ).toBe(true);
        } else {
          expect((read as { contentHash: string }).contentHash).toBe(promptContentHash(version));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is a folder that can be pushed also where the version has other variables than it declared', async () => {
    const text = '# whole\nvariables: [text, tone] # of the form\nlabels: [staging]\n';
    const path = await put('pulled', {
      'prompt.txt': '{{text}} {{tone}}\n',
      '.metadata.yaml': text,
    });
    const { metadata } = await readPromptSource(path);
    const content = '{{customer.name}}, {{text}} {{#more}}{{detail}}{{/more}}';
    const version = {
      name: 'pulled',
      tags: [],
      body: { kind: 'chat' as const, messages: [{ role: 'user', content }] },
      config: {},
    };
    const texts = { '.metadata.yaml': text };
    const { files } = promptAsFiles(version, { folder: 'pulled', kept: metadata, texts });
    expect(files['.metadata.yaml']).toBe(
      '# whole\nvariables: [text, customer] # of the form\nlabels: [staging]\n',
    );
    expect((await readPromptSource(await put('pulled', files))).content.body).toEqual(version.body);
    expect(promptAsFiles(version, { folder: 'pulled' }).files['.metadata.yaml']).toBeUndefined();
  });

  it('takes prompt.txt where that can hold it, and keeps what is no part of a version', () => {
    const version = {
      name: 'team/triage',
      tags: ['t'],
      body: { kind: 'chat' as const, messages: [{ role: 'user', content: 'Hi {{a}}' }] },
      config: { model: 'small' },
    };
    expect(
      promptAsFiles(version, { folder: 'triage', kept: { description: 'mine', variables: ['a'] } }),
    ).toEqual({
      files: {
        'prompt.txt': 'Hi {{a}}\n',
        '.metadata.yaml':
          'name: team/triage\ndescription: mine\nmodel: small\nvariables:\n  - a\ntags:\n  - t\n',
      },
      remove: ['prompt.yaml'],
    });
    expect(promptAsFiles(version, { folder: 'triage', form: 'yaml' }).remove).toEqual([
      'prompt.txt',
    ]);
  });
});
