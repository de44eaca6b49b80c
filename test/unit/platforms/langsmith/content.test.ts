import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { DatasetItem } from '../../../../src/contracts/records.js';
import type { JsonObject } from '../../../../src/core/json/json.js';
import {
  contentOf as exampleContent,
  plannedItem,
  platformItem,
} from '../../../../src/platforms/langsmith/example-content.js';
import { exampleIdOf } from '../../../../src/platforms/langsmith/example-identity.js';
import { contentOf, hashIn, manifestOf } from '../../../../src/platforms/langsmith/manifest.js';
import type { PromptContent } from '../../../../src/platforms/prompt-port.js';
import { datasetId } from './run-fixture.js';

const reading = { name: 'p', fStrings: undefined };

describe('examples', () => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as never);
  const object = fc.dictionary(
    fc.string().filter((key) => !/^(__proto__|assay\.|dataset_split)/.test(key)),
    json,
  );

  it('give every item back as it was', () => {
    fc.assert(
      fc.property(
        fc.record(
          { id: fc.string({ minLength: 1 }), input: object, expected: json, metadata: object },
          { requiredKeys: ['id', 'input', 'metadata'] },
        ),
        (given) => {
          fc.pre(
            JSON.stringify(given).isWellFormed() && !JSON.stringify(given).includes('\\u0000'),
          );
          const item = given as DatasetItem;
          const answer = { id: exampleIdOf(datasetId, item), ...exampleContent(item) };
          const stored = { ...answer, metadata: { ...answer.metadata, dataset_split: ['base'] } };
          expect(plannedItem(datasetId, stored)).toEqual(item);
          expect(platformItem(datasetId, stored)).toMatchObject({ item, splits: [] });
        },
      ),
    );
  });

  it('that others made keep their id, and their marks are not believed', () => {
    const id = 'aaaaaaaa-1111-4222-8333-444455556666';
    const answer = { id, inputs: { q: 1 }, outputs: { a: 2 }, metadata: { 'assay.item_id': 'x' } };
    const item = plannedItem(datasetId, answer);
    expect(item.id).toBe(id);
    expect(exampleIdOf(datasetId, item)).toBe(id);
    expect(
      exampleIdOf(datasetId, { ...item, metadata: { 'assay.langsmith_example_id': '../x' } }),
    ).not.toBe('../x');
  });
});

describe('manifests', () => {
  const chat: PromptContent = {
    body: {
      kind: 'chat',
      messages: [
        { role: 'system', content: 'You {{#polite}}are {{tone}}{{/polite}}' },
        { placeholder: 'history' },
        { role: 'developer', content: 'Mind {{{rules}}} of {{customer.name}}' },
      ],
    },
    config: { model: 'm', nested: { a: [1] } },
  };

  it('give a prompt back as it was, and its hash', () => {
    const text: PromptContent = { body: { kind: 'text', text: 'Say {{a}} {b}' }, config: {} };
    for (const content of [chat, text]) {
      const manifest = JSON.parse(JSON.stringify(manifestOf(content, 'f00d'))) as JsonObject;
      expect(contentOf(manifest, reading)).toEqual(content);
      expect(hashIn(manifest)).toBe('f00d');
    }
  });

  it('name the variables that must be given, as LangChain does', () => {
    const { kwargs } = manifestOf(chat, 'f00d') as { readonly kwargs: JsonObject };
    expect(kwargs['input_variables']).toEqual(['polite', 'history', 'rules', 'customer']);
  });

  const constructed = (name: string, kwargs: JsonObject): JsonObject => ({
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'prompts', name],
    kwargs,
  });

  it('saved with a model are read with it', () => {
    const template = constructed('PromptTemplate', { template: 'Hi', template_format: 'mustache' });
    const model = constructed('ChatOpenAI', {
      model: 'gpt-4o',
      api_key: { lc: 1, type: 'secret', id: ['OPENAI_API_KEY'] },
    });
    const sequence = constructed('RunnableSequence', { first: template, last: model });
    expect(contentOf(sequence, reading)).toEqual({
      body: { kind: 'text', text: 'Hi' },
      config: { 'langsmith.model': model },
    });
  });

  it.each([
    ['an f-string that nobody reads', constructed('PromptTemplate', { template: 'Hi {a}' })],
    ['jinja2', constructed('PromptTemplate', { template: 'Hi', template_format: 'jinja2' })],
    ['another class', constructed('FewShotPromptTemplate', {})],
    ['no messages', constructed('ChatPromptTemplate', { messages: 'none' })],
    [
      'a message of parts',
      constructed('ChatPromptTemplate', {
        messages: [constructed('HumanMessagePromptTemplate', { prompt: [] })],
      }),
    ],
    ['nothing', {}],
  ])('of %s are a coded error', (_what, manifest) => {
    expect(() => contentOf(manifest, reading)).toThrow(
      expect.objectContaining({ code: 'PROMPT_INVALID' }),
    );
  });

  it('that are f-strings are read by whoever can', () => {
    const manifest = constructed('PromptTemplate', { template: 'Hi {a}' });
    const on = { name: 'p', fStrings: (text: string) => ({ text: text.replace('{a}', '{{a}}') }) };
    expect(contentOf(manifest, on).body).toEqual({ kind: 'text', text: 'Hi {{a}}' });
    const cannot = { name: 'p', fStrings: () => ({ problems: ['has a format'] }) };
    expect(() => contentOf(manifest, cannot)).toThrow(
      expect.objectContaining({
        problems: [{ at: 'template', message: 'has a format' }],
      }),
    );
  });
});
