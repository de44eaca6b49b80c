import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';

import type { PromptBody } from '../../../src/contracts/prompt.js';
import type { Json } from '../../../src/core/json/json.js';
import { patchPromptText } from '../../../src/prompts/patch-prompt-text.js';
import { patchYaml } from '../../../src/prompts/patch-yaml.js';
import { promptAsFiles } from '../../../src/prompts/prompt-files.js';
import { parsePromptText } from '../../../src/prompts/prompt-text.js';

const yaml = `# of the support team
name: "team/triage"   # on the platform
model: small
parameters: {temperature: 0,  top_p: 1} # as agreed
response_format:
  type: object
  # both are needed
  required: [category, urgent]
labels: [staging]  # for the next push
tags:
  - triage
  - 'support'
`;
const said = parse(yaml) as Record<string, Json>;

describe('YAML that is changed', () => {
  it.each([
    ['nothing', said, yaml],
    ['a text', { ...said, model: 'large' }, yaml.replace('small', 'large')],
    ['a text in quotes', { ...said, name: 'x: y' }, yaml.replace('team/triage', 'x: y')],
    [
      'a number in a flow map',
      { ...said, parameters: { temperature: 0.5, top_p: 1 } },
      yaml.replace('temperature: 0', 'temperature: 0.5'),
    ],
    [
      'a flow list',
      { ...said, response_format: { type: 'object', required: ['category'] } },
      yaml.replace('[category, urgent]', '[category]'),
    ],
    [
      'a key that is gone',
      Object.fromEntries(Object.entries(said).filter(([key]) => key !== 'model')),
      yaml.replace('model: small\n', ''),
    ],
    [
      'a key that is new',
      { ...said, response_format: { ...(said['response_format'] as object), title: 'T' } as Json },
      yaml.replace('urgent]\n', 'urgent]\n  title: T\n'),
    ],
    ['another form', { ...said, labels: { a: 1 } }, yaml.replace(' [staging]', '\n  a: 1')],
  ] as const)('keeps all else: %s', (_name, target, expected) => {
    const patched = patchYaml(yaml, target) ?? '';
    expect(parse(patched)).toEqual(target);
    expect(patched).toBe(expected);
    const crlf = patchYaml(yaml.replaceAll('\n', '\r\n'), target) ?? '';
    expect(parse(crlf)).toEqual(target);
  });

  it('keeps its comments also where it must be printed anew', () => {
    const patched = patchYaml('# mine\na: [1]\nb:\n  - 1 # one\n', { a: [1], b: [2, 3] }) ?? '';
    expect(patched).toContain('# mine');
    expect(parse(patched)).toEqual({ a: [1], b: [2, 3] });
    expect(patchYaml('a: &x 1\nb: *x\n', { a: 2, b: 1 })).toBeUndefined();
    expect(patchYaml('# nothing\n', {})).toBe('# nothing\n');
  });

  it('says what is wanted, whatever it said', () => {
    const value = fc.dictionary(
      fc.stringMatching(/^[a-z ]{1,4}$/),
      fc.jsonValue({ maxDepth: 2 }).map((each) => JSON.parse(JSON.stringify(each)) as Json),
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(value, value, fc.boolean(), (before, after, flow) => {
        const text = stringify(before, flow ? { collectionStyle: 'flow' } : {});
        expect(parse(patchYaml(text, after) ?? '')).toEqual(after);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a prompt.txt that is changed', () => {
  const text = '\n--- system ---\n\nBe kind.\n--- user ---\n  {{text}}  \n\n\n';
  const body = (system: string, user: string): PromptBody => ({
    kind: 'chat',
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
  });

  it.each([
    ['LF', (of: string) => of],
    ['CRLF', (of: string) => of.replaceAll('\n', '\r\n')],
    ['a byte order mark', (of: string) => `\ufeff${of}`],
  ])('keeps the lines around its messages: %s', (_name, form) => {
    const now = patchPromptText(form(text), body('Be kind.\nBe brief.', '{{text}}'));
    expect(now).toBe(form(text.replace('kind.', 'kind.\nBe brief.')));
    expect(patchPromptText(form(text), body('Be kind.', '{{text}}'))).toBe(form(text));
  });

  it('is one text, or is written anew where its messages are others', () => {
    expect(patchPromptText(' a\n\n', { kind: 'text', text: 'b' })).toBe(' b\n\n');
    expect(patchPromptText('a\n', body('x', 'y'))).toBeUndefined();
    expect(patchPromptText(text, body('--- user ---', 'y'))).toBeUndefined();
  });

  it('reads as what is wanted', () => {
    const line = fc.constantFrom('--- user ---', '--- system ---', 'a', '', ' b ', '{{c}}');
    const texts = fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const wanted = parsePromptText(after, 'chat');
        const now = patchPromptText(before, wanted);
        if (now !== undefined) expect(parsePromptText(now, 'chat')).toEqual(wanted);
      }),
    );
  });
});

describe('a version that is pulled', () => {
  const version = {
    name: 'team/triage',
    labels: ['latest', 'production', 'beta'],
    tags: ['support', 'triage'],
    body: { kind: 'chat' as const, messages: [{ role: 'user', content: 'new' }] },
    config: {
      model: 'small',
      parameters: { temperature: 0, top_p: 1 },
      response_format: { type: 'object', required: ['category', 'urgent'] },
    },
  };

  it('changes nothing in the metadata where only its text differs', () => {
    const kept = said as never;
    const texts = { 'prompt.txt': 'old\n', '.metadata.yaml': yaml };
    expect(promptAsFiles(version, { folder: 'triage', form: 'text', kept, texts }).files).toEqual({
      'prompt.txt': 'new\n',
      '.metadata.yaml': yaml,
    });
  });

  it('brings no labels, which the next push would move, and no empty metadata', () => {
    const { files } = promptAsFiles(version, { folder: 'triage' });
    expect(files['.metadata.yaml']).not.toContain('labels');
    const bare = { name: 'x', tags: [], body: version.body, config: {} };
    expect(promptAsFiles(bare, { folder: 'x' }).files).toEqual({ 'prompt.txt': 'new\n' });
  });

  it('leaves in config what the file has there', () => {
    const kept = { config: { model: 'small', owner: 'us' } };
    const texts = { '.metadata.yaml': 'config: { owner: us, model: small }\n' };
    const now = { ...version, name: 'x', tags: [], config: { model: 'large', owner: 'us' } };
    expect(promptAsFiles(now, { folder: 'x', kept, texts }).files['.metadata.yaml']).toBe(
      'config: { owner: us, model: large }\n',
    );
  });
});
