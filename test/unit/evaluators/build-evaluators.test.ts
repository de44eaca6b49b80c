import { describe, expect, it } from '@jest/globals';

import { evaluatorIdentitySchema } from '../../../src/contracts/manifest.js';
import type { EvaluatorConfig } from '../../../src/contracts/config.js';
import { buildEvaluators } from '../../../src/evaluators/build-evaluators.js';
import { build, codeHash, contextOf, evaluate, models, parse } from './support.js';

const buildAll = (configs: Record<string, EvaluatorConfig>, names = Object.keys(configs)) =>
  buildEvaluators({
    configs,
    names,
    models,
    codeHash,
    readText: () => Promise.reject(Object.assign(new Error('secret path'), { code: 'ENOENT' })),
  });

describe('buildEvaluators', () => {
  it('gives the wanted evaluators in the wanted order', async () => {
    const configs = {
      a: parse({ kind: 'exact_match' }),
      b: parse({ kind: 'contains', text: 'x', required: false }),
      c: parse({ kind: 'regex', pattern: 'x' }),
    };
    const built = await buildAll(configs, ['c', 'b']);
    expect(built.map(({ name, required }) => [name, required])).toEqual([
      ['c', true],
      ['b', false],
    ]);
  });

  it('does not look at configs that are not wanted', async () => {
    const configs = {
      a: parse({ kind: 'exact_match' }),
      b: parse({ kind: 'regex', pattern: '(' }),
    };
    expect(await buildAll(configs, ['a'])).toHaveLength(1);
  });

  it('says EVALUATOR_NOT_FOUND where names are unknown, and which are known', async () => {
    const configs = { a: parse({ kind: 'exact_match' }) };
    await expect(buildAll(configs, ['a', 'b', 'toString'])).rejects.toMatchObject({
      code: 'EVALUATOR_NOT_FOUND',
      problems: [{ mend: 'Known evaluators: a.' }, { mend: 'Known evaluators: a.' }],
    });
  });

  it('lists every problem of every evaluator at once', async () => {
    const configs = {
      pattern: parse({ kind: 'regex', pattern: '(' }),
      schema: parse({ kind: 'json_schema', schema: { type: 'text' } }),
      judge: parse({ kind: 'llm_judge', model: 'none', rubricFile: 'tone.md' }),
      pointer: parse({ kind: 'exact_match', path: '/a~2' }),
      fine: parse({ kind: 'exact_match' }),
    };
    await expect(
      buildAll(configs, ['pattern', 'schema', 'judge', 'pointer', 'fine', 'gone']),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [
        { at: 'evaluators' },
        { at: 'evaluators.pattern.pattern' },
        { at: 'evaluators.schema.schema' },
        { at: 'evaluators.judge.model' },
        { at: 'evaluators.judge.rubricFile', message: 'The rubric file cannot be read: ENOENT.' },
        { at: 'evaluators.pointer.path' },
      ],
    });
  });

  it('refuses two scores of one name, within an evaluator and across evaluators', async () => {
    const run = () => 1;
    const configs = {
      a: parse({ kind: 'function', run, scores: ['b', 'b'] }),
      'a.b': parse({ kind: 'exact_match' }),
    };
    await expect(buildAll(configs)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ at: 'evaluators.a' }, { at: 'evaluators.a.b' }],
    });
    await expect(buildAll(configs, ['a.b', 'a.b'])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('refuses a score that has the name of one of the run as a whole: one would take the other’s place', async () => {
    const anchors = [
      { id: 'a', output: 'x', passed: true },
      { id: 'b', output: 'y', passed: false },
    ];
    const configs = {
      cat: parse({ kind: 'classification' }),
      'cat.accuracy': parse({ kind: 'exact_match' }),
      'cat.f1.billing': parse({ kind: 'exact_match' }),
      'cat.f1': parse({ kind: 'exact_match' }),
      tone: parse({ kind: 'llm_judge', model: 'small', rubric: '- a', anchors }),
      'tone.anchors': parse({ kind: 'exact_match' }),
      calm: parse({ kind: 'llm_judge', model: 'small', rubric: '- a' }),
      'calm.anchors': parse({ kind: 'exact_match' }),
    };
    await expect(buildAll(configs)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [
        { at: 'evaluators.cat.accuracy', mend: 'Rename one of the two.' },
        { at: 'evaluators.cat.f1.billing' },
        { at: 'evaluators.tone.anchors' },
      ],
    });
    expect(await buildAll(configs, ['cat.accuracy', 'calm', 'calm.anchors'])).toHaveLength(3);
  });

  it('gives identities that fit the manifest, defaults included', async () => {
    const built = await buildAll({
      exact: parse({ kind: 'exact_match', path: '/a' }),
      contains: parse({ kind: 'contains', text: 'x' }),
      regex: parse({ kind: 'regex', pattern: 'x' }),
      schema: parse({ kind: 'json_schema', schema: { type: 'string' } }),
      judge: parse({ kind: 'llm_judge', model: 'small', rubric: '- a' }),
      own: parse({ kind: 'function', run: () => 1 }),
    });
    for (const { identity } of built) {
      expect(evaluatorIdentitySchema.parse(identity)).toEqual(identity);
    }
    expect(built.map(({ identity }) => identity.options)).toMatchObject([
      { path: '/a', ignoreCase: false, trim: true },
      { text: ['x'], mode: 'all', ignoreCase: true },
      { pattern: 'x', flags: 'u', expect: 'match', timeoutMs: 250 },
      { schema: { type: 'string' } },
      { passAt: 0.5, reference: 'optional', mayAbstain: true, minDecided: 1 },
      { scores: ['own'] },
    ]);
  });

  it('gives one identity to one meaning', async () => {
    const text = await build({ kind: 'contains', text: 'x' });
    const list = await build({ kind: 'contains', text: ['x'] });
    const whole = await build({ kind: 'contains', text: 'x', path: '' });
    expect(list.identity).toEqual(text.identity);
    expect(whole.identity).toEqual(text.identity);
  });

  it('raises only errors of ours, whatever breaks inside', async () => {
    let deep: unknown[] = [];
    for (let depth = 0; depth < 200_000; depth += 1) deep = [deep];
    const evaluator = await build({ kind: 'exact_match' });
    const one = { output: deep as [], expected: [] };
    await expect(evaluate(evaluator, one, contextOf())).rejects.toMatchObject({
      code: 'EVALUATOR_FAILED',
    });
  });
});
