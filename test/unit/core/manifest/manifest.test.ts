import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Manifest } from '../../../../src/contracts/manifest.js';
import type { DatasetItem } from '../../../../src/contracts/records.js';
import { datasetHash, itemHash } from '../../../../src/core/manifest/dataset-hash.js';
import { manifestDifferences } from '../../../../src/core/manifest/differences.js';

const item: DatasetItem = {
  id: 'T-1',
  input: { text: 'It crashes' },
  expected: { category: 'bug' },
  metadata: {},
};

describe('the hash of an item', () => {
  it('keeps its formula (values computed outside of this code base)', () => {
    expect(itemHash(item)).toBe('e3f0ed98c5197c388a7ba3723d4292beac5d3bbb85fe60b9c38451b0682c41b0');
    const { expected: _expected, ...without } = item;
    expect(itemHash(without)).toBe(
      'fb93019aee44605dbb3414f98b689a99a5a42a850f77c564b575ea4142776414',
    );
  });

  it('changes with what decides a result, and with nothing else', () => {
    const hash = itemHash(item);
    expect(itemHash({ ...item, description: 'a crash' })).toBe(hash);
    expect(itemHash({ ...item, input: { text: 'it crashes' } })).not.toBe(hash);
    expect(itemHash({ ...item, metadata: { lang: 'en' } })).not.toBe(hash);
    expect(itemHash({ ...item, id: 'T-2' })).not.toBe(hash);
    // To expect null is something else than to expect nothing, and than an object that looks like the marker.
    const { expected: _expected, ...without } = item;
    const hashes = [
      itemHash(without),
      itemHash({ ...item, expected: null }),
      itemHash({ ...item, expected: { absent: true } }),
    ];
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('the hash of a dataset', () => {
  const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
  const pairs = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), hash), {
    selector: ([id]) => id,
    maxLength: 12,
  });

  it('keeps its formula', () => {
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)] as const;
    expect(
      datasetHash([
        ['T-2', b],
        ['T-1', a],
      ]),
    ).toBe('122b90333f83038efd83e11755a87c68a1b7cf3d196ca2d900581c166caa3b50');
  });

  it('does not depend on the order of the items and leaves the list as it was', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const before = [...list];
        expect(datasetHash([...list].reverse())).toBe(datasetHash(list));
        expect(list).toEqual(before);
      }),
    );
  });

  it('changes with one item more, less or different', () => {
    fc.assert(
      fc.property(
        pairs.filter((list) => list.length > 0),
        (list) => {
          const [first, ...rest] = list;
          if (first === undefined) throw new Error('empty');
          expect(datasetHash(rest)).not.toBe(datasetHash(list));
          expect(datasetHash([[first[0], `${first[1]}0`], ...rest])).not.toBe(datasetHash(list));
        },
      ),
    );
  });
});

const code = 'c'.repeat(64);
const manifest: Manifest = {
  version: 1,
  dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items: 3 },
  target: {
    kind: 'prompt',
    name: 'triage',
    prompt: [{ role: 'user', content: 'Sort {{text}}' }],
    promptHash: 'b'.repeat(64),
    model: { provider: 'openai', model: 'small', parameters: { temperature: 0 } },
  },
  evaluators: [
    { name: 'category', kind: 'exact_match', required: true, options: { path: '/category' } },
    { name: 'tone', kind: 'function', required: true, options: {}, code },
  ],
  repetitions: 1,
};

describe('the differences of two manifests', () => {
  it('are none between equal ones, whatever the order of keys and evaluators', () => {
    const other = {
      ...(JSON.parse(JSON.stringify(manifest)) as Manifest),
      evaluators: [...manifest.evaluators].reverse(),
    };
    expect(manifestDifferences(manifest, other)).toEqual([]);
  });

  it('are each named by its path, with both values', () => {
    const [category, tone] = manifest.evaluators;
    if (category === undefined || tone === undefined || manifest.target.kind !== 'prompt')
      throw new Error('the fixture changed');
    const other: Manifest = {
      ...manifest,
      repetitions: 2,
      target: {
        ...manifest.target,
        prompt: [{ role: 'user', content: 'Classify {{text}}' }],
        model: { provider: 'openai', model: 'small', parameters: { temperature: 1, seed: 7 } },
      },
      evaluators: [{ ...category, options: { path: '/kind' } }],
    };
    expect(manifestDifferences(manifest, other)).toEqual([
      {
        at: 'evaluators.category.options.path',
        recorded: '/category',
        submitted: '/kind',
      },
      {
        at: 'evaluators.tone',
        recorded: expect.stringContaining('"kind":"function"') as unknown,
        submitted: '(absent)',
      },
      { at: 'repetitions', recorded: '1', submitted: '2' },
      { at: 'target.model.parameters.seed', recorded: '(absent)', submitted: '7' },
      { at: 'target.model.parameters.temperature', recorded: '0', submitted: '1' },
      {
        at: 'target.prompt[0].content',
        recorded: 'Sort {{text}}',
        submitted: 'Classify {{text}}',
      },
    ]);
  });

  it('cut long texts and say how long they are', () => {
    const long = (text: string): Manifest => ({
      ...manifest,
      target: { kind: 'http', name: 'api', method: 'POST', url: text, headers: [] },
    });
    const found = manifestDifferences(long(`http://a/${'x'.repeat(500)}`), long('http://b/'));
    expect(found).toEqual([
      {
        at: 'target.url',
        recorded: `http://a/${'x'.repeat(111)}… (509 characters)`,
        submitted: 'http://b/',
      },
    ]);
  });
});
