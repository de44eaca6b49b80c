import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { configSchema, type ConfigInput } from '../../../src/contracts/config.js';
import type { Json, JsonObject } from '../../../src/core/json/json.js';
import type { HttpCallRequest } from '../../../src/models/http-call.js';
import type { ChatRequest } from '../../../src/models/port.js';
import { buildTarget } from '../../../src/targets/build-targets.js';
import type { Target, TargetRunContext } from '../../../src/targets/port.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-targets-'));
  await mkdir(join(root, 'targets/triage'), { recursive: true });
  await writeFile(join(root, 'targets/triage/prompt.txt'), 'Sort {{text}}');
  await writeFile(
    join(root, 'targets/triage/.metadata.yaml'),
    'model: small\nparameters: { temperature: 0, top_p: 1 }\nresponse_format: { type: object }',
  );
});
afterAll(() => rm(root, { recursive: true, force: true }));

const codeHash = 'c'.repeat(64);
const build = (name: string, config: Partial<ConfigInput>): Promise<Target> =>
  buildTarget({
    name,
    root,
    codeHash,
    config: configSchema.parse({
      project: 'p',
      evaluators: {},
      targets: {},
      models: {
        small: { model: 'gpt-small', parameters: { temperature: 1, seed: 3 } },
        large: { model: 'gpt-large' },
      },
      ...config,
    }),
  });

/** What a target asks of its ports, with an answer of the test's. */
const contextOf = (answer: { chat?: string; http?: string }) => {
  const asked: { chat: ChatRequest[]; http: HttpCallRequest[] } = { chat: [], http: [] };
  const context: TargetRunContext = {
    signal: new AbortController().signal,
    item: { id: 'T-1', metadata: { lang: 'en' } },
    repetition: 2,
    models: {
      embed: () => Promise.reject(new Error('no vectors were expected')),
      chat: (request) => {
        asked.chat.push(request);
        const text = answer.chat ?? '';
        let json: Json | undefined;
        try {
          json = JSON.parse(text) as Json;
        } catch {
          json = undefined;
        }
        return Promise.resolve({ text, json, finishReason: 'stop', record: undefined as never });
      },
    },
    http: {
      request: (request) => {
        asked.http.push(request);
        return Promise.resolve(answer.http ?? '');
      },
    },
  };
  return { asked, context };
};

describe('a prompt target', () => {
  const prompt = { targets: { triage: { kind: 'prompt' as const } } };

  it('asks the model once, with parameters of model, folder and target in this order', async () => {
    const target = await build('triage', {
      targets: { triage: { kind: 'prompt', parameters: { top_p: 0.5 } } },
    });
    const { asked, context } = contextOf({ chat: '{"category":"bug"}' });
    await expect(target.run({ text: 'It crashes' }, context)).resolves.toEqual({ category: 'bug' });
    expect(asked.chat).toEqual([
      {
        model: 'small',
        messages: [{ role: 'user', content: 'Sort It crashes' }],
        parameters: { temperature: 0, seed: 3, top_p: 0.5 },
        responseSchema: { name: 'answer', schema: { type: 'object' } },
        signal: context.signal,
      },
    ]);
  });

  it('gives text that is no JSON as text: evaluators say what that is worth', async () => {
    const { context } = contextOf({ chat: 'It is a bug.' });
    await expect((await build('triage', prompt)).run({ text: 'x' }, context)).resolves.toBe(
      'It is a bug.',
    );
  });

  it('refuses an item without a variable before a call is paid for', async () => {
    const { asked, context } = contextOf({});
    await expect((await build('triage', prompt)).run({}, context)).rejects.toMatchObject({
      code: 'PROMPT_VARIABLE_MISSING',
      message: expect.stringContaining('"text"'),
    });
    expect(asked.chat).toEqual([]);
  });

  it('has an identity of what decides its results: not the key, the folder or the address', async () => {
    const plain = await build('triage', prompt);
    const moved = await build('triage', {
      ...prompt,
      models: {
        small: {
          model: 'gpt-small',
          parameters: { seed: 3, temperature: 1 },
          apiKey: 'env:OTHER',
          baseUrl: 'http://other/v1',
          timeoutMs: 5,
        },
      },
    });
    expect(moved.identity).toEqual(plain.identity);
    const larger = await build('triage', {
      targets: { triage: { kind: 'prompt', model: 'large' } },
    });
    expect(larger.identity).not.toEqual(plain.identity);
    expect(JSON.stringify(plain.identity)).not.toContain(root);
  });

  it('says which model is missing, and which there are', async () => {
    const config = { targets: { triage: { kind: 'prompt' as const, model: 'gone' } } };
    await expect(build('triage', config)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      mend: 'Known models: small, large.',
    });
  });
});

describe('an HTTP target', () => {
  const http = (change: object = {}): Partial<ConfigInput> => ({
    targets: { api: { kind: 'http', url: 'http://api/x', ...change } },
  });
  const sent = async (body: Json, input: JsonObject): Promise<Json | undefined> => {
    const { asked, context } = contextOf({ http: '{}' });
    await (await build('api', http({ body }))).run(input, context);
    return asked.http[0]?.body;
  };

  it("sends the item's input where no body is given", async () => {
    const { asked, context } = contextOf({ http: '{"a":[1]}' });
    const target = await build('api', http());
    await expect(target.run({ text: 'x' }, context)).resolves.toEqual({ a: [1] });
    expect(asked.http[0]).toMatchObject({
      body: { text: 'x' },
      method: 'POST',
      url: 'http://api/x',
    });
  });

  it('puts no key of its query into the manifest, and yet tells two queries apart', async () => {
    const identityOf = async (url: string) => (await build('api', http({ url }))).identity;
    const one = await identityOf('http://api/x?key=sk-very-secret');
    expect(JSON.stringify(one)).not.toContain('sk-very-secret');
    expect(one).not.toEqual(await identityOf('http://api/x?key=another'));
    expect(one).toEqual(await identityOf('http://api/x?key=sk-very-secret'));
    expect(await identityOf('http://api/x')).toMatchObject({ url: 'http://api/x' });
  });

  it('fills templates: a lone field stays what it is, inside of text it is written out', async () => {
    const input = { n: 1, o: { a: [true] }, t: 'say "hi"', z: null, 'a.b': 'dotted' };
    await expect(
      sent(
        {
          whole: '{{input}}',
          n: '{{ input.n }}',
          o: '{{input.o}}',
          deep: '{{input.o.a}}',
          dotted: '{{input.a.b}}',
          text: 'n={{input.n}} o={{input.o}} t={{input.t}}',
          list: ['{{input.t}}', 7, null, { inner: '{{input.n}}' }],
          literal: '{{ other }} {{input.n',
        },
        input,
      ),
    ).resolves.toEqual({
      whole: input,
      n: 1,
      o: { a: [true] },
      deep: [true],
      dotted: 'dotted',
      text: 'n=1 o={"a":[true]} t=say "hi"',
      list: ['say "hi"', 7, null, { inner: 1 }],
      literal: '{{ other }} {{input.n',
    });
  });

  it('sends null for a field that is not there, and nothing that every object has', async () => {
    await expect(
      sent(['{{input.no}}', 'x{{input.no}}', '{{input.constructor}}', '{{input.o.toString}}'], {
        o: {},
      }),
    ).resolves.toEqual([null, 'xnull', null, null]);
  });

  it('puts values in once: what an item says is no template', async () => {
    await expect(sent('a {{input.x}}', { x: '{{input.y}} $& $1', y: 'secret' })).resolves.toBe(
      'a {{input.y}} $& $1',
    );
  });

  it('takes the part of the answer that its pointer names', async () => {
    const pick = async (output: string, answer: string) =>
      (await build('api', http({ output }))).run({}, contextOf({ http: answer }).context);
    await expect(pick('/choices/0/a~1b', '{"choices":[{"a/b":null}]}')).resolves.toBeNull();
    await expect(pick('', '{"a":1}')).resolves.toEqual({ a: 1 });
    await expect(pick('/a', '{"b":1}')).rejects.toMatchObject({
      code: 'TARGET_OUTPUT_INVALID',
      message: 'The answer has nothing at /a.',
    });
    await expect(pick('/constructor', '{}')).rejects.toMatchObject({
      code: 'TARGET_OUTPUT_INVALID',
    });
    await expect(pick('/a', '<html>')).rejects.toMatchObject({ code: 'TARGET_OUTPUT_INVALID' });
  });

  it('takes an answer that is no JSON as text where no pointer asks for a part', async () => {
    const target = await build('api', http());
    await expect(target.run({}, contextOf({ http: '<html>' }).context)).resolves.toBe('<html>');
  });

  it('has header names in its identity and never their values', async () => {
    const target = await build(
      'api',
      http({ headers: { 'x-key': 'sk-very-secret', Authorization: 'env:TOKEN' } }),
    );
    expect(target.identity).toMatchObject({ headers: ['Authorization', 'x-key'] });
    expect(JSON.stringify(target.identity)).not.toMatch(/secret|TOKEN/);
  });

  it('is another one with another value of a header that is no key', async () => {
    const of = async (tenant: string) =>
      (await build('api', http({ headers: { 'x-tenant': tenant } }))).identity;
    expect(await of('acme')).not.toEqual(await of('other'));
    expect(await of('acme')).toEqual(await of('acme'));
    expect(JSON.stringify(await of('acme'))).not.toContain('acme');
  });
});

describe('a function target', () => {
  it('gets input, item, repetition, models and signal, and is known by its code', async () => {
    const seen: unknown[] = [];
    const target = await build('code', {
      targets: {
        code: {
          kind: 'function',
          run: (input, context) => {
            seen.push(input, context.item, context.repetition, context.signal);
            return { ok: true };
          },
        },
      },
    });
    const { context } = contextOf({});
    await expect(target.run({ a: 1 }, context)).resolves.toEqual({ ok: true });
    expect(seen).toEqual([{ a: 1 }, context.item, 2, context.signal]);
    expect(target.identity).toMatchObject({ kind: 'function', name: 'code', code: codeHash });
  });
});

describe('an unknown target', () => {
  it('is named with those that there are', async () => {
    const config: Partial<ConfigInput> = { targets: { api: { kind: 'http', url: 'http://a/' } } };
    for (const name of ['gone', 'constructor', '__proto__']) {
      await expect(build(name, config)).rejects.toMatchObject({
        code: 'TARGET_NOT_FOUND',
        mend: 'Known targets: api.',
      });
    }
  });
});
