import { describe, expect, it } from '@jest/globals';

import type { Manifest } from '../../../../src/contracts/manifest.js';
import { boundedText } from '../../../../src/core/gate/bounded.js';
import { canDecide } from '../../../../src/core/gate/deciding.js';
import { gatePolicy } from '../../../../src/core/gate/policy.js';

const manifest = (...names: string[]): Manifest => ({
  version: 1,
  dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items: 2 },
  target: { kind: 'function', name: 'triage', code: 'b'.repeat(64) },
  evaluators: names.map((name) => ({ name, kind: 'function', required: true, options: {} })),
  repetitions: 1,
});

describe('a gate can decide', () => {
  const policy = gatePolicy({}, {});
  const [head, base] = [manifest('tone', 'size'), manifest('tone')];

  it('by an evaluator that both sides have, unless it only informs', () => {
    expect(canDecide({ head, base, policy })).toBe(true);
    const informed = gatePolicy({}, { evaluators: { tone: { required: false } } });
    expect(canDecide({ head, base, policy: informed })).toBe(false);
    const part = gatePolicy(
      {},
      { evaluators: { tone: { required: false }, 'tone.kind': { required: true } } },
    );
    expect(canDecide({ head, base, policy: part })).toBe(true);
  });

  it('not where all evaluators are new to the base', () => {
    expect(canDecide({ head: manifest('size'), base, policy })).toBe(false);
    const costly = gatePolicy({}, { cost: { margin: 0.1 } });
    expect(canDecide({ head: manifest('size'), base, policy: costly })).toBe(true);
  });
});

describe('a text for a comment', () => {
  it('is whole where it fits, and else says what was left out and keeps its last line', () => {
    expect(boundedText(['a', 'b'], 100)).toBe('a\nb\n');
    const lines = ['# head', 'x'.repeat(1_000), ...Array.from({ length: 99 }, () => 'row'), 'foot'];
    const text = boundedText(lines, 200);
    expect(text.length).toBeLessThanOrEqual(200);
    expect(text).toMatch(/^# head\nrow\n/);
    expect(text).toMatch(/_\d+ lines are left out here: gate\.json has all of it\._\n\nfoot\n$/);
  });
});
