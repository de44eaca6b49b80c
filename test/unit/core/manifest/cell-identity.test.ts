import { describe, expect, it } from '@jest/globals';

import type { EvaluatorIdentity, TargetIdentity } from '../../../../src/contracts/manifest.js';
import type { DatasetItem } from '../../../../src/contracts/records.js';
import { createCellIdentities } from '../../../../src/core/manifest/cell-identity.js';

const item: DatasetItem = {
  id: 'T-1',
  input: { text: 'It crashes', n: 1 },
  expected: 'bug',
  metadata: { lang: 'en' },
};
const model = { provider: 'openai', model: 'small', parameters: { temperature: 0 } };
const prompt: TargetIdentity = {
  kind: 'prompt',
  name: 'triage',
  prompt: [{ role: 'user', content: 'Sort {{text}}' }],
  promptHash: 'b'.repeat(64),
  model,
};
const code: TargetIdentity = { kind: 'function', name: 'triage', code: 'c'.repeat(64) };
const match: EvaluatorIdentity = {
  name: 'category',
  kind: 'exact_match',
  required: true,
  options: {},
};
const tone: EvaluatorIdentity = {
  name: 'tone',
  kind: 'llm_judge',
  required: true,
  options: { prompt: 'p' },
  judge: { model, rubric: '- polite' },
};
const own: EvaluatorIdentity = {
  name: 'own',
  kind: 'function',
  required: true,
  options: {},
  code: 'c'.repeat(64),
};
const of = (
  target: TargetIdentity,
  evaluators: readonly EvaluatorIdentity[] = [match, tone, own],
) =>
  createCellIdentities({ project: 'support', manifest: { target, evaluators: [...evaluators] } });

describe('the identity of an output', () => {
  const hash = of(prompt).targetHash({ item, repetition: 1 });

  it('stays for equal content, whatever the order of keys', () => {
    expect(hash).toMatch(/^[0-9a-f]{32}$/);
    const turned = { ...item, input: { n: 1, text: 'It crashes' } };
    expect(of(prompt).targetHash({ item: turned, repetition: 1 })).toBe(hash);
  });

  it('changes with the input, the target, its parameters, the repetition and the project', () => {
    const others = [
      of(prompt).targetHash({
        item: { ...item, input: { text: 'It Crashes', n: 1 } },
        repetition: 1,
      }),
      of(prompt).targetHash({ item, repetition: 2 }),
      of({ ...prompt, promptHash: 'd'.repeat(64) }).targetHash({ item, repetition: 1 }),
      of({ ...prompt, model: { ...model, parameters: { temperature: 1 } } }).targetHash({
        item,
        repetition: 1,
      }),
      of(code).targetHash({ item, repetition: 1 }),
      createCellIdentities({
        project: 'other',
        manifest: { target: prompt, evaluators: [] },
      }).targetHash({ item, repetition: 1 }),
    ];
    expect(new Set([hash, ...others]).size).toBe(others.length + 1);
  });

  it('holds only what the target sees: no expectation, and id and metadata for functions alone', () => {
    const other = { ...item, id: 'T-2', metadata: {}, expected: 'refund' };
    expect(of(prompt).targetHash({ item: other, repetition: 1 })).toBe(hash);
    const seen = of(code).targetHash({ item, repetition: 1 });
    expect(of(code).targetHash({ item: { ...item, expected: 'refund' }, repetition: 1 })).toBe(
      seen,
    );
    expect(of(code).targetHash({ item: { ...item, id: 'T-2' }, repetition: 1 })).not.toBe(seen);
    expect(of(code).targetHash({ item: { ...item, metadata: {} }, repetition: 1 })).not.toBe(seen);
  });
});

describe('the identity of scores', () => {
  const hashes = of(prompt).scoreHashes({ item, output: 'bug' });

  it('is one for each evaluator, and hangs on nothing of the target but its output', () => {
    expect([...hashes.keys()]).toEqual(['category', 'tone', 'own']);
    expect(new Set(hashes.values()).size).toBe(3);
    expect(of(code).scoreHashes({ item, output: 'bug' })).toEqual(hashes);
  });

  it('changes for all with the output, the input and the expectation', () => {
    const { expected: _expected, ...without } = item;
    for (const other of [
      of(prompt).scoreHashes({ item, output: 'refund' }),
      of(prompt).scoreHashes({ item: { ...item, input: {} }, output: 'bug' }),
      of(prompt).scoreHashes({ item: { ...item, expected: null }, output: 'bug' }),
      of(prompt).scoreHashes({ item: without, output: 'bug' }),
    ]) {
      for (const [name, hash] of hashes) expect(other.get(name)).not.toBe(hash);
    }
  });

  it('changes for one alone with its rubric, its implementation or, for a function, the metadata', () => {
    const changed = (evaluators: readonly EvaluatorIdentity[], on: DatasetItem = item): string[] =>
      [...of(prompt, evaluators).scoreHashes({ item: on, output: 'bug' })]
        .filter(([name, hash]) => hashes.get(name) !== hash)
        .map(([name]) => name);
    const rubric = { ...tone, judge: { model, rubric: '- polite\n- short' } };
    expect(changed([match, rubric, own])).toEqual(['tone']);
    expect(changed([{ ...match, implementation: 2 }, tone, own])).toEqual(['category']);
    expect(changed([match, tone, own], { ...item, metadata: {} })).toEqual(['own']);
    expect(changed([{ ...match, required: false }, tone, own])).toEqual([]);
    const anchors = [{ id: 'a', input: {}, output: 'x', passed: true }];
    expect(
      changed([match, { ...tone, judge: { model, rubric: '- polite', anchors } }, own]),
    ).toEqual([]);
  });

  it('is none for evaluators of what the target took, and holds the metadata where they see it', () => {
    const quick: EvaluatorIdentity = {
      ...match,
      name: 'quick',
      kind: 'latency',
      sees: ['figures'],
    };
    const made: EvaluatorIdentity = { ...match, name: 'made', sees: ['figures', 'metadata'] };
    const tools: EvaluatorIdentity = { ...match, name: 'tools', sees: ['calls'] };
    const remote: EvaluatorIdentity = { ...match, name: 'remote', sees: ['metadata'] };
    const run = of(prompt, [match, quick, made, tools, remote]);
    const plain = run.scoreHashes({ item, output: 'bug' });
    expect([...plain.keys()]).toEqual(['category', 'remote']);
    const other = run.scoreHashes({ item: { ...item, metadata: {} }, output: 'bug' });
    expect(other.get('category')).toBe(plain.get('category'));
    expect(other.get('remote')).not.toBe(plain.get('remote'));
  });
});
