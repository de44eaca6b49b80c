import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { ModelConfig } from '../../../src/contracts/config.js';
import type { JsonObject } from '../../../src/core/json/json.js';
import {
  manifestMessage,
  missingVariables,
  pinnedPromptFolder,
  readPromptFolder,
  renderMessages,
} from '../../../src/targets/prompt-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-prompt-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const prompt = async (text: string, metadata?: string) => {
  await writeFile(join(folder, 'prompt.txt'), text);
  if (metadata !== undefined) await writeFile(join(folder, '.metadata.yaml'), metadata);
  return readPromptFolder(folder);
};
const rendered = (content: string, input: JsonObject): string | undefined =>
  renderMessages([{ role: 'user', content }], input)[0]?.content;

describe('the messages of prompt.txt', () => {
  it('are one of the user where no line names a role', async () => {
    const { messages, model, parameters, responseSchema } = await prompt('\n Hello {{name}} \n');
    expect(messages).toEqual([{ role: 'user', content: 'Hello {{name}}' }]);
    expect({ model, parameters, responseSchema }).toEqual({
      model: undefined,
      parameters: {},
      responseSchema: undefined,
    });
  });

  it('are parted by role lines, in their order, with Windows line ends as well', async () => {
    const { messages } = await prompt(
      '--- system ---\r\nBe kind.\r\n\r\nAnd short.\r\n---user---\r\nHi\r\n--- assistant ---\r\nHello\r\n--- user ---\r\n{{text}}',
    );
    expect(messages).toEqual([
      { role: 'system', content: 'Be kind.\n\nAnd short.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: '{{text}}' },
    ]);
  });

  it('keep the role of the first line behind a byte order mark', async () => {
    const { messages } = await prompt('\ufeff--- system ---\nBe kind.\n--- user ---\nHi');
    expect(messages).toMatchObject([{ role: 'system' }, { role: 'user' }]);
  });

  it('take no role from rules, text or unknown roles', async () => {
    const text = '---\nA rule\n--- robot ---\nsay --- system --- to me';
    expect((await prompt(text)).messages).toEqual([{ role: 'user', content: text }]);
  });
});

describe('a prompt folder that cannot be used', () => {
  const problemsOf = async (text: string, metadata?: string): Promise<readonly object[]> => {
    const error: unknown = await prompt(text, metadata).catch((each: unknown) => each);
    expect(error).toMatchObject({ code: 'PROMPT_INVALID' });
    return (error as { problems: readonly object[] }).problems;
  };

  it('lists all problems at once, each at its place', async () => {
    const problems = await problemsOf(
      'Hello {{> footer}} {{#items}}{{> row}}{{/items}}',
      'model: "no such/name"\nparameters: [1]',
    );
    expect(problems).toEqual([
      expect.objectContaining({
        at: `${join(folder, '.metadata.yaml')}:1:8`,
        message: expect.stringMatching(/^model: /) as unknown,
      }),
      expect.objectContaining({
        at: `${join(folder, '.metadata.yaml')}:2:13`,
        message: expect.stringMatching(/^parameters: /) as unknown,
      }),
      expect.objectContaining({ message: 'uses the partial "footer"' }),
      // Inside a section too: there it would be left out of the prompt in silence.
      expect.objectContaining({ message: 'uses the partial "row"' }),
    ]);
  });

  it('names a prompt that is missing, empty or no template', async () => {
    await expect(readPromptFolder(join(folder, 'nowhere'))).rejects.toMatchObject({
      problems: [expect.objectContaining({ message: 'is missing' })],
    });
    expect(await problemsOf(' \n ')).toEqual([expect.objectContaining({ message: 'is empty' })]);
    expect(await problemsOf('{{#open}} never closed')).toEqual([
      expect.objectContaining({ message: expect.stringContaining('is not a valid template') }),
    ]);
    expect(await problemsOf('x', 'a: [1')).toEqual([
      expect.objectContaining({ message: expect.stringContaining('is not valid YAML') }),
    ]);
  });
});

describe('the response format', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } };

  it('is a bare schema, or the one inside of the form that OpenAI has', async () => {
    const bare = await prompt('x', `response_format: ${JSON.stringify(schema)}`);
    expect(bare.responseSchema).toEqual({ name: 'answer', schema });
    const wrapped = { type: 'json_schema', json_schema: { name: 'triage', schema } };
    const openai = await prompt('x', `response_format: ${JSON.stringify(wrapped)}`);
    expect(openai.responseSchema).toEqual({ name: 'triage', schema });
  });
});

describe('messages that are put in', () => {
  const write = async (yaml: string) => {
    await writeFile(join(folder, 'prompt.yaml'), yaml);
    return readPromptFolder(folder);
  };
  const chat = `messages:
  - role: system
    content: Be kind.
  - placeholder: history
  - role: user
    content: "{{text}}"
`;

  it('stand where their placeholder is, and are no templates', async () => {
    const { messages, variables, placeholders } = await write(chat);
    expect([variables, placeholders]).toEqual([['text', 'history'], ['history']]);
    const history = [
      { role: 'user', content: 'Hi {{text}}' },
      { role: 'assistant', content: 'Hello' },
    ];
    expect(renderMessages(messages, { text: 'Bye', history })).toEqual([
      { role: 'system', content: 'Be kind.' },
      ...history,
      { role: 'user', content: 'Bye' },
    ]);
  });

  it('are missing where the input has no list of messages', async () => {
    const { variables, placeholders } = await write(chat);
    const missing = (history: JsonObject[string]) =>
      missingVariables(variables, { text: '', history }, placeholders);
    expect(missing([])).toEqual([]);
    for (const wrong of ['Hi', null, [{ role: 'robot', content: '' }], [{ role: 'user' }], [3]]) {
      expect(missing(wrong)).toEqual(['history (a list of messages)']);
    }
  });

  it('come back from a manifest', async () => {
    const { messages } = await write(chat);
    const identity = {
      kind: 'prompt' as const,
      name: 'triage',
      prompt: messages.map(manifestMessage),
      promptHash: 'a'.repeat(64),
      model: { provider: 'openai', model: 'm', parameters: {} },
    };
    const pinned = await pinnedPromptFolder(identity, { path: folder, models: {} });
    expect(pinned.messages).toEqual(messages);
    expect(pinned.placeholders).toEqual(['history']);
  });

  it('are refused in a role that no model takes', async () => {
    await expect(write('- role: robot\n  content: x')).rejects.toMatchObject({
      code: 'PROMPT_INVALID',
      problems: [{ message: expect.stringContaining('"robot"') }],
    });
  });
});

describe('variables', () => {
  it('are all that the prompt shows outside of sections', async () => {
    const { variables } = await prompt(
      '{{a}} {{{b}}} {{&c}} {{customer.name}} {{#maybe}}{{inner}}{{/maybe}}{{^no}}{{other}}{{/no}} {{! remark }} {{a}}',
    );
    expect(variables).toEqual(['a', 'b', 'c', 'customer.name']);
  });

  it('are missing where the input has no such member of its own, null being a value', () => {
    const input = { a: null, customer: { name: 'Ann', address: null }, text: '' };
    const names = ['a', 'text', 'customer', 'customer.name', 'customer.address'];
    expect(missingVariables(names, input)).toEqual([]);
    const lacking = [
      'b',
      'customer.nme',
      'customer.address.city',
      'a.b',
      'constructor',
      'toString',
    ];
    expect(missingVariables(lacking, input)).toEqual(lacking);
  });
});

describe('a rendered prompt', () => {
  it('is not escaped: a prompt is no HTML', () => {
    expect(rendered('{{x}} {{{x}}} {{&x}}', { x: `<b> & "'/\`=` })).toBe(
      Array.from({ length: 3 }, () => `<b> & "'/\`=`).join(' '),
    );
  });

  it('shows objects and lists as JSON, numbers and truths as they are', () => {
    const input = {
      o: { name: 'Ann', length: 2, tags: ['a', 'b'] },
      l: [1, { a: 2 }],
      n: 0,
      t: false,
    };
    for (const [open, close] of [
      ['{{', '}}'],
      ['{{{', '}}}'],
    ]) {
      const show = (name: string) => rendered(`${open ?? ''}${name}${close ?? ''}`, input);
      expect(show('o')).toBe('{"name":"Ann","length":2,"tags":["a","b"]}');
      expect(show('o.tags')).toBe('["a","b"]');
      expect(show('l')).toBe('[1,{"a":2}]');
      expect([show('o.name'), show('o.length'), show('n'), show('t')]).toEqual([
        'Ann',
        '2',
        '0',
        'false',
      ]);
    }
  });

  it('has sections over objects, lists and truths', () => {
    const input = {
      customer: { name: 'Ann' },
      orders: [{ id: 1 }, { id: 2 }],
      tags: ['a', 'b'],
      none: [],
      no: false,
    };
    expect(rendered('{{#customer}}{{name}}{{/customer}}', input)).toBe('Ann');
    expect(rendered('{{#orders}}[{{id}} of {{customer.name}}]{{/orders}}', input)).toBe(
      '[1 of Ann][2 of Ann]',
    );
    expect(rendered('{{#tags}}<{{.}}>{{/tags}}', input)).toBe('<a><b>');
    expect(rendered('{{^none}}nothing{{/none}}{{^no}}!{{/no}}{{#gone}}x{{/gone}}', input)).toBe(
      'nothing!',
    );
  });

  it('is never a template again: what an item says is text', () => {
    expect(rendered('{{a}}', { a: '{{b}} {{=<% %>=}}', b: 'secret' })).toBe('{{b}} {{=<% %>=}}');
    expect(rendered('{{constructor}}|{{__proto__}}|{{toString}}', {})).toBe('||');
    const hostile = JSON.parse('{"__proto__": {"a": 1}, "b": {"__proto__": 2}}') as JsonObject;
    expect(rendered('{{b}}{{a}}', hostile)).toBe('{"__proto__":2}');
  });
});

describe('a pinned prompt', () => {
  const model = (change: object): ModelConfig => ({
    model: 'm',
    provider: 'openai',
    apiKey: 'env:A',
    parameters: {},
    timeoutMs: 1,
    ...change,
  });
  const identity = {
    kind: 'prompt' as const,
    name: 'triage',
    prompt: [{ role: 'user', content: 'Old {{text}}' }],
    promptHash: 'a'.repeat(64),
    model: { provider: 'openai', model: 'm', parameters: { temperature: 0 } },
  };

  it('is that of the plan, whatever the file says now', async () => {
    await prompt('New {{other}}', 'model: two\nparameters: { temperature: 1 }');
    const models = {
      one: model({}),
      two: model({ apiKey: 'env:B' }),
      three: model({ model: 'x' }),
    };
    const pinned = await pinnedPromptFolder(identity, { path: folder, models });
    expect(pinned).toMatchObject({
      messages: [{ role: 'user', content: 'Old {{text}}' }],
      variables: ['text'],
      parameters: { temperature: 0 },
      // The folder's own choice, since it is the planned model under another key.
      model: 'two',
    });
  });

  it('finds another entry of the planned model where the folder names one that is not it', async () => {
    await prompt('New', 'model: three');
    const models = { three: model({ model: 'x' }), one: model({}) };
    const pinned = await pinnedPromptFolder(identity, { path: folder, models });
    expect(pinned.model).toBe('one');
    const gone = await pinnedPromptFolder(identity, {
      path: folder,
      models: { three: model({ model: 'x' }) },
    });
    expect(gone.model).toBeUndefined();
  });
});
