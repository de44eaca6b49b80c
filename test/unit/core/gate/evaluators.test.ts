import { describe, expect, it } from '@jest/globals';

import type { EvaluatorIdentity } from '../../../../src/contracts/manifest.js';
import {
  comparedScores,
  marginsNeeded,
  unknownEvaluators,
} from '../../../../src/core/gate/evaluators.js';
import type { GateSettings } from '../../../../src/contracts/gate.js';
import { gatePolicy } from '../../../../src/core/gate/policy.js';

const evaluator = (name: string, required = true): EvaluatorIdentity => ({
  name,
  kind: 'function',
  required,
  options: {},
});

const compared = (change: Partial<Parameters<typeof comparedScores>[0]> = {}) =>
  comparedScores({
    head: [evaluator('tone'), evaluator('size', false)],
    base: [evaluator('tone'), evaluator('size', false)],
    scores: ['tone', 'size'],
    changed: new Set(),
    policy: gatePolicy({}, {}),
    ...change,
  });

describe('the scores that are compared', () => {
  it('decide where their evaluator is required', () => {
    expect(compared()).toEqual({
      evaluators: [
        { name: 'size', required: false },
        { name: 'tone', required: true },
      ],
      notes: [],
    });
  });

  it('are those of the parts of an evaluator, with its settings and their own', () => {
    const policy = gatePolicy(
      { evaluators: { tone: { margin: 0.1, better: 'lower' } } },
      { evaluators: { 'tone.kind': { margin: 0.3 } } },
    );
    const { evaluators } = compared({ scores: ['tone.kind', 'tone.calm'], policy });
    expect(evaluators).toEqual([
      { name: 'tone.calm', required: true, margin: 0.1, better: 'lower' },
      { name: 'tone.kind', required: true, margin: 0.3, better: 'lower' },
    ]);
  });

  it('belong to the evaluator with the longest name that fits', () => {
    const both = [evaluator('tone'), evaluator('tone.kind', false)];
    const { evaluators } = compared({ head: both, base: both, scores: ['tone.kind', 'tone'] });
    expect(evaluators).toEqual([
      { name: 'tone', required: true },
      { name: 'tone.kind', required: false },
    ]);
  });

  it('hold a required evaluator that gave none on either side, so that losing it is no pass', () => {
    const { evaluators } = compared({ scores: ['size'] });
    expect(evaluators).toContainEqual({ name: 'tone', required: true });
  });

  it('of a new evaluator only inform, and of a changed one are left out; both are told', () => {
    expect(compared({ base: [evaluator('size', false)] })).toEqual({
      evaluators: [
        { name: 'size', required: false },
        { name: 'tone', required: false },
      ],
      notes: ['"tone" does not decide: the base has no such evaluator.'],
    });
    const { evaluators, notes } = compared({ changed: new Set(['tone']) });
    expect(evaluators.map(({ name }) => name)).toEqual(['size']);
    expect(notes).toEqual(['"tone" is not compared: its evaluator is another now.']);
  });

  it('of nobody that the head knows are not compared', () => {
    const { evaluators } = compared({ scores: ['tone', 'size', 'gone'] });
    expect(evaluators.map(({ name }) => name)).toEqual(['size', 'tone']);
  });
});

describe('a score on another scale than 0 to 1', () => {
  const of = (kind: string, options: EvaluatorIdentity['options'] = {}): EvaluatorIdentity => ({
    ...evaluator('it'),
    kind,
    options,
  });
  const asked = (identity: EvaluatorIdentity, own: GateSettings = {}) => {
    const policy = gatePolicy({}, own);
    const { evaluators } = compared({ head: [identity], base: [identity], scores: ['it'], policy });
    return { ...evaluators[0], problems: marginsNeeded([identity], policy).map(({ at }) => at) };
  };
  const it_ = { name: 'it', required: true };

  it('takes the default margin as a share of the scale that its evaluator is known to have', () => {
    expect(asked(of('embedding_similarity'))).toEqual({
      ...it_,
      scale: { min: -1, max: 1 },
      problems: [],
    });
    const scale = { min: 0, max: 1 };
    expect(asked(of('embedding_similarity'), { evaluators: { it: { scale } } })).toEqual({
      ...it_,
      scale,
      problems: [],
    });
  });

  it.each([
    ['latency', 'maxMs', { better: 'lower' }],
    ['cost', 'maxUsd', { better: 'lower' }],
    ['length', 'max', {}],
  ])(
    'of %s has none: it passes by its limit, or a margin has to be named',
    (kind, limit, better) => {
      expect(asked(of(kind, { [limit]: 5 }))).toEqual({ ...it_, measure: 'passed', problems: [] });
      expect(asked(of(kind))).toEqual({
        ...it_,
        ...better,
        unbounded: true,
        problems: ['settings.evaluators.it.margin'],
      });
      expect(asked(of(kind), { evaluators: { it: { margin: 3 } } })).toEqual({
        ...it_,
        ...better,
        margin: 3,
        unbounded: true,
        problems: [],
      });
      // By its values, and without saying how much of them.
      expect(asked(of(kind, { [limit]: 5 }), { evaluators: { it: { measure: 'value' } } })).toEqual(
        {
          ...it_,
          ...better,
          measure: 'value',
          unbounded: true,
          problems: ['settings.evaluators.it.margin'],
        },
      );
      // Turned round it is a truth; one that informs may have none; an own scale is one.
      expect(asked(of(kind, { [limit]: 5, not: true }))).toEqual({ ...it_, problems: [] });
      expect(asked(of(kind), { evaluators: { it: { required: false } } }).problems).toEqual([]);
      const scale = { min: 0, max: 100 };
      expect(asked(of(kind), { evaluators: { it: { scale } } })).toEqual({
        ...it_,
        ...better,
        scale,
        problems: [],
      });
    },
  );
});

describe('evaluators that a gate names', () => {
  it('must be there, by themselves or as a part', () => {
    expect(unknownEvaluators(['tone', 'tone.kind', 'tonal'], ['tone'])).toEqual(['tonal']);
  });
});

describe('a policy', () => {
  it('takes what the gate says before the config before the defaults', () => {
    const policy = gatePolicy(
      { margin: 0.05, alpha: 0.1, slices: ['/metadata/language'], inconclusive: 'pass' },
      { margin: 0.01, slices: [{ by: '/metadata/tier', guard: false }] },
    );
    expect(policy).toMatchObject({
      margin: 0.01,
      alpha: 0.1,
      power: 0.8,
      slices: [{ by: '/metadata/tier', guard: false }],
      inconclusive: 'pass',
      stale: 'refuse',
      missing: 'worst',
    });
  });
});
