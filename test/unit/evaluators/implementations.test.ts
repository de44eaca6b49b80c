import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { configSchema } from '../../../src/contracts/config.js';
import { contentHash } from '../../../src/core/ids/hash.js';
import type { Json } from '../../../src/core/json/json.js';
import {
  evaluatorImplementations,
  targetImplementations,
} from '../../../src/core/manifest/implementations.js';
import { buildTarget } from '../../../src/targets/build-targets.js';
import { build, contextOf, type Case } from './support.js';

/**
 * What each implementation did when its number was given. Where one of these differs, the behaviour changed: raise the number in
 * core/manifest/implementations.ts and record the new value under it. Never record another value under the same number.
 */
const recorded: Readonly<Record<string, string>> = {
  'contains@1': 'dcccacc4c837e94579cce59ef954a6d8e8f175f3b57394201b2495f13c9dd4a0',
  'exact_match@1': 'ec6c9da936ee1caed10d60c7d6a57198fb0b9f077bf8a3051141b35963a715e7',
  'function@1': '5a172cf1ce364e19b57d0064101a8af28e875ae00dd468b067737556e026d191',
  'http@1': '298ef513078491bfc9e249349b0fa62b4baf4a0aef38510429f56f35e903be83',
  'json_schema@1': 'bdbd02049af16c84025b78e3798f3d7ce545228aabca42fe183993f41b4ae8b7',
  'llm_judge@2': '90207b12c30f4ef2c879d6f08200009fe32f9ed8b12cc24e71138b1d37d020eb',
  'llm_pairwise@1': 'dfacc1f58d8027f1101a8015aa9c829dc318ff1285cebd6a2772dfdcbd63359f',
  'prompt@1': '74a60fce337bbac03f9c8d5b776839c952081dbe7d2ff1e2d39abbe30c555a0b',
  'regex@1': 'cbf51ac2faf1ff236e0b05ab1d369fc345921c26dfad933fc87ef28c89e92d60',
};

const outputs: readonly Json[] = [
  'Bug ',
  'a bug, I think',
  '{"category":"bug","n":5}',
  5,
  null,
  '',
];
const objects: readonly Json[] = [{ category: 'bug' }, { category: 'Bug ', more: [1, '2'] }, []];
const cases: readonly Case[] = [
  ...[...outputs, ...objects].flatMap((output): Case[] => [
    { output },
    { output, expected: 'bug' },
    { output, expected: { category: 'bug', n: 5 } },
    { output, expected: ['bug', 'think'] },
  ]),
];
const configs: Readonly<Record<string, readonly object[]>> = {
  exact_match: [{}, { ignoreCase: true }, { path: '/category', trim: false }],
  contains: [
    { text: 'bug' },
    { text: ['bug', 'think'], mode: 'any' },
    { text: 'BUG', mode: 'none' },
  ],
  regex: [{ pattern: '^b.g' }, { pattern: 'bug', flags: 'i', expect: 'no_match' }],
  json_schema: [
    { schema: { type: 'object', required: ['category'] } },
    { path: '/category', schema: { enum: ['bug'] } },
  ],
  llm_judge: [{ model: 'small', rubric: 'Be strict.\n- names the category\n- is polite' }],
  llm_pairwise: [
    { model: 'small', rubric: 'Be strict.\n- names the category\n- is polite' },
    { model: 'small', builtIn: 'helpfulness', onDisagreement: 'abstain' },
  ],
  function: [
    {
      run: ({ output, expected }: Case) =>
        expected === undefined ? undefined : { value: output === expected, reasoning: 'compared' },
    },
  ],
};

async function behaviourOf(kind: string): Promise<string> {
  const results: unknown[] = [];
  for (const config of configs[kind] ?? []) {
    const evaluator = await build({ kind, ...config });
    for (const each of cases) {
      const asked: unknown[] = [];
      const context = contextOf((request) => {
        const { signal: _signal, ...rest } = request;
        asked.push(rest);
        if (request.responseSchema?.name === 'comparison') {
          return JSON.stringify({ reasoning: 'because', verdict: 'first' });
        }
        return JSON.stringify({
          criteria: ['names the category', 'is polite'].map((criterion, index) => ({
            criterion,
            reasoning: 'because',
            passed: index === 0,
          })),
          suggestions: ['be polite'],
        });
      });
      const scores = await evaluator
        .evaluate(
          {
            input: { text: 'It crashes' },
            output: each.output,
            expected: each.expected,
            metadata: {},
            trace: { traceId: '0'.repeat(32) },
          },
          context,
        )
        .catch((error: unknown) => String(error));
      results.push({ scores, asked });
    }
  }
  return contentHash(JSON.parse(JSON.stringify(results)));
}

async function requestsOf(kind: 'prompt' | 'http'): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'assay-implementations-'));
  const asked: unknown[] = [];
  const keep = (request: { readonly signal?: AbortSignal }): void => {
    const { signal: _signal, ...rest } = request;
    asked.push(rest);
  };
  await writeFile(
    join(root, 'prompt.txt'),
    '--- system ---\nSort.\n\n--- user ---\n{{text}} {{customer.name}} {{#tags}}{{.}};{{/tags}} {{tags}}\n',
  );
  await writeFile(
    join(root, '.metadata.yaml'),
    'model: small\nparameters: { temperature: 0 }\nresponse_format: { type: object }',
  );
  const config = configSchema.parse({
    project: 'p',
    evaluators: {},
    models: { small: { model: 'gpt-small', parameters: { seed: 3 } } },
    targets: {
      prompt: { kind: 'prompt', folder: '.' },
      http: {
        kind: 'http',
        url: 'http://api/x',
        body: { q: '{{input.text}}', all: '{{ input }}', list: ['a {{input.tags}}'], n: 1 },
        output: '/a/0',
      },
    },
  });
  const target = await buildTarget({ name: kind, root, codeHash: 'c'.repeat(64), config });
  const results: unknown[] = [];
  for (const text of ['It crashes', '<b> & "quotes"', '']) {
    const input = { text, customer: { name: 'Ada' }, tags: ['x', 'y'] };
    results.push(
      await target.run(input, {
        signal: new AbortController().signal,
        item: { id: 'T-1', metadata: {} },
        repetition: 1,
        models: {
          embed: () => Promise.reject(new Error('no vectors were expected')),
          chat: (request) => {
            keep(request);
            return Promise.resolve({
              text: '{"category":"bug"}',
              json: { category: 'bug' },
              finishReason: 'stop',
            } as never);
          },
        },
        http: {
          request: (request) => {
            keep(request);
            return Promise.resolve('{"a":["bug"]}');
          },
        },
      }),
    );
  }
  await rm(root, { recursive: true });
  return contentHash(JSON.parse(JSON.stringify({ asked, results })));
}

describe('what an implementation does', () => {
  it.each(Object.entries(evaluatorImplementations))(
    'stays the same under its number: evaluator %s',
    async (kind, number) => {
      expect({ [`${kind}@${number}`]: await behaviourOf(kind) }).toEqual({
        [`${kind}@${number}`]: recorded[`${kind}@${number}`],
      });
    },
  );

  it.each(Object.entries(targetImplementations))(
    'stays the same under its number: target %s',
    async (kind, number) => {
      expect({ [`${kind}@${number}`]: await requestsOf(kind as 'prompt' | 'http') }).toEqual({
        [`${kind}@${number}`]: recorded[`${kind}@${number}`],
      });
    },
  );
});
