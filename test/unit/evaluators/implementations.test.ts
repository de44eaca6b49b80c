import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { configSchema } from '../../../src/contracts/config.js';
import type { ScoreValue } from '../../../src/contracts/records.js';
import { contentHash } from '../../../src/core/ids/hash.js';
import type { Json } from '../../../src/core/json/json.js';
import {
  evaluatorImplementations,
  targetImplementations,
} from '../../../src/core/manifest/implementations.js';
import type { EvaluatorContext, PartOutcome } from '../../../src/evaluators/port.js';
import { buildTarget } from '../../../src/targets/build-targets.js';
import { build, contextOf, type Case } from './support.js';

/**
 * What each implementation did when its number was given. Where one of these differs, the behaviour changed: raise the number in
 * core/manifest/implementations.ts and record the new value under it. Never record another value under the same number.
 */
const recorded: Readonly<Record<string, string>> = {
  'classification@1': 'e769c732789ee67dbe1036b69b2e3cae20d27ccc0a4f643c24cb73b94a275974',
  'composite@2': '6b1d26e78afe97f81cb126b7a63746d97926a8c704e81649871c884e4cbb2993',
  'contains@1': 'dcccacc4c837e94579cce59ef954a6d8e8f175f3b57394201b2495f13c9dd4a0',
  'cost@1': '6e7c83fddc4c8f0a554acb038fec9103d951dbc4d18efa9fe8a0c56ce10c5586',
  'embedding_similarity@1': '895c78f14c70eecca61503370385f042811cbc09b31d1cbb055d6e3c426f9416',
  'exact_match@1': 'ec6c9da936ee1caed10d60c7d6a57198fb0b9f077bf8a3051141b35963a715e7',
  'function@1': '5a172cf1ce364e19b57d0064101a8af28e875ae00dd468b067737556e026d191',
  'http@1': '0826a6235b7d016162f72f9c79c40c57967f26468cd35a0f762c9b6edeefa7e0',
  'target http@1': '298ef513078491bfc9e249349b0fa62b4baf4a0aef38510429f56f35e903be83',
  'json_diff@1': '9e342856c91a525353c56db38ecdd5754921310c1f0f5f2ed5fea05e1a561c36',
  'json_schema@1': 'bdbd02049af16c84025b78e3798f3d7ce545228aabca42fe183993f41b4ae8b7',
  'json_valid@1': '95ef681a11254134f8f4bf4d64aad94ee7d86a0959b3288b241763a7636d85dd',
  'latency@1': 'd81bed7ae6b4addcced8f7fd3a241b6d57ae4b5e975eeb4662e8c9712ef65fe3',
  'length@1': '01ddef4c58c1ac2051e93991727d7f1d99e600d5d087322171888344ba9f0cb5',
  'levenshtein@1': '2daf6604695de19556be707e7857289a3828bef56c0b5c61259ae8f85e44609f',
  'llm_judge@2': '90207b12c30f4ef2c879d6f08200009fe32f9ed8b12cc24e71138b1d37d020eb',
  'llm_pairwise@1': 'dfacc1f58d8027f1101a8015aa9c829dc318ff1285cebd6a2772dfdcbd63359f',
  'normalised_match@1': 'cc9f2e5eee96f92927d2df675b96c6d7d21ac675d667ace094583ef053aec5de',
  'numeric_match@1': '87c39e0f963b8a142e851428224860d9522c9b195bbdb7a0d668829c4d9104b3',
  'target prompt@1': '74a60fce337bbac03f9c8d5b776839c952081dbe7d2ff1e2d39abbe30c555a0b',
  'refusal@1': '6869c096c128937f975eac47fe0ecf05aed0a7661a7110d90c7ba8a2c3f3c2ab',
  'regex@1': 'cbf51ac2faf1ff236e0b05ab1d369fc345921c26dfad933fc87ef28c89e92d60',
  'retrieval@1': '1f523596f8aa949d1300a538f31efd099eeb7fe2fa1a95d7187bcc1800ebbd5e',
  'rouge_l@1': '8f0a749043d29441cab4f14df9f89384b5bdab525de393b3b9225f12092a5527',
  'scorer@1': 'bd4cc491b51a0e75570514efdabc0e047445f939edbc3d97bdbc8fed71841253',
  'tool_calls@1': 'cdb0df84700c13e7b4de34d4e7bfcfec701b81361e3d41270cc6ed3f51dfa821',
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
  normalised_match: [{}, { punctuation: 'keep', articles: 'remove' }, { path: '/category' }],
  numeric_match: [{}, { take: 'last', relative: 0.5 }, { path: '/n', absolute: 1 }],
  levenshtein: [{}, { ignoreCase: true, passAt: 0.5 }, { path: '/category' }],
  rouge_l: [{}, { measure: 'recall', passAt: 0.5 }, { path: '/category' }],
  embedding_similarity: [
    { model: 'small' },
    { model: 'small', path: '/category', passAt: 0.5, parameters: { dimensions: 2 } },
  ],
  length: [{ max: 4 }, { unit: 'words', min: 2 }, { unit: 'tokens' }, { path: '/category' }],
  refusal: [{}, { expect: 'refusal', phrases: ['I think'] }, { expectedPath: '/refuse' }],
  json_valid: [{}, { type: 'object' }, { path: '/category' }],
  json_diff: [{}, { extra: 'ignore', tolerance: 1 }, { path: '/category', passAt: 0.5 }],
  tool_calls: [
    { path: '/more', expectedPath: '' },
    { expectedPath: '', mode: 'subset', args: 'ignore' },
    { from: 'trace', expectedPath: '', mode: 'any_order', args: 'subset' },
  ],
  latency: [{}, { maxMs: 10 }],
  cost: [{}, { maxUsd: 0.001 }],
  retrieval: [
    { retrieved: '/more', relevant: '' },
    { retrieved: '/more', relevant: '', k: [1, 2], gain: 'exponential', passAt: { mrr: 0.5 } },
  ],
  classification: [{}, { path: '/category', ignoreCase: true }],
  http: [{ url: 'http://judge/x' }, { url: 'http://judge/x', passAt: 0.5, scores: ['part'] }],
  scorer: [
    {
      run: ({ output, expected }: Case) =>
        expected === undefined
          ? { name: 'S', score: null }
          : {
              name: 'S',
              score: output === expected ? 1 : 0.5,
              metadata: { rationale: 'compared' },
            },
      passAt: 1,
    },
  ],
  composite: [
    { mode: 'weighted_mean', of: { number: 3, truth: 1 }, passAt: 0.5 },
    { mode: 'all', of: ['truth', 'label'] },
    { mode: 'any', of: ['truth', 'label'], not: true },
    { mode: 'any', of: ['truth', 'undecided'] },
  ],
};
// What a composite is made of here: its kind decides nothing, the scores are given.
const others = {
  number: { kind: 'levenshtein' },
  truth: { kind: 'exact_match' },
  label: { kind: 'classification' },
  undecided: { kind: 'llm_judge', model: 'small', rubric: '- a' },
};
const part = (name: string, value: ScoreValue, passed?: boolean): [string, PartOutcome] => [
  name,
  { scores: [{ name, evaluator: name, value, ...(passed === undefined ? {} : { passed }) }] },
];
const parts = new Map([
  part('number', { type: 'NUMERIC', value: 0.25 }),
  part('truth', { type: 'BOOLEAN', value: true }, true),
  part('label', { type: 'CATEGORICAL', value: 'x' }, false),
]);
parts.set('undecided', {
  scores: [
    {
      name: 'undecided.abstained',
      evaluator: 'undecided',
      value: { type: 'BOOLEAN', value: true },
    },
  ],
});
const target = { latencyMs: 12.5, costPico: 1_500_000_000n, calls: [] };

async function behaviourOf(kind: string): Promise<string> {
  const results: unknown[] = [];
  for (const config of configs[kind] ?? []) {
    const evaluator = await build({ kind, ...config }, { others });
    for (const each of cases) {
      const asked: unknown[] = [];
      const model = contextOf((request) => {
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
      const context: EvaluatorContext = {
        ...model,
        models: {
          ...model.models,
          embed: ({ signal: _signal, ...request }) => {
            asked.push(request);
            const texts = [request.input].flat();
            const vectors = texts.map((text) => [1, text.length, text.charCodeAt(0)]);
            return Promise.resolve({ vectors, record: undefined as never });
          },
        },
        http: {
          request: ({ signal: _signal, ...request }) => {
            asked.push(request);
            return Promise.resolve('{"score":0.5,"metadata":{"rationale":"because"}}');
          },
        },
      };
      const scores = await evaluator
        .evaluate(
          {
            input: { text: 'It crashes' },
            output: each.output,
            expected: each.expected,
            metadata: {},
            trace: { traceId: '0'.repeat(32) },
            target,
            parts,
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
      const key = `target ${kind}@${number}`;
      expect({ [key]: await requestsOf(kind as 'prompt' | 'http') }).toEqual({
        [key]: recorded[key],
      });
    },
  );
});
