import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { PromptContent } from '../../../../src/contracts/prompt.js';
import { promptNameSchema } from '../../../../src/contracts/prompt.js';
import {
  contentLabel,
  promptBytes,
  promptContentHash,
} from '../../../../src/core/prompts/content.js';
import {
  diffLines,
  promptDifferences,
  promptLines,
  unifiedDiff,
} from '../../../../src/core/prompts/diff.js';
import { previousHolder, type RecordedMove } from '../../../../src/core/prompts/label-moves.js';
import { labelProblem, ownersLabels } from '../../../../src/core/prompts/labels.js';
import { promptVariables, undeclaredVariables } from '../../../../src/core/prompts/variables.js';

const text = (of: string, config: PromptContent['config'] = {}): PromptContent => ({
  body: { kind: 'text', text: of },
  config,
});

describe('the content of a prompt', () => {
  it('is one hash whatever the order of its keys, and another for anything that changes', () => {
    const one = promptContentHash(text('x', { model: 'a', parameters: { p: 1, q: 2 } }));
    expect(promptContentHash(text('x', { parameters: { q: 2, p: 1 }, model: 'a' }))).toBe(one);
    const others = [
      text('y', { model: 'a', parameters: { p: 1, q: 2 } }),
      text('x', { model: 'b', parameters: { p: 1, q: 2 } }),
      {
        ...text('x', { model: 'a', parameters: { p: 1, q: 2 } }),
        body: { kind: 'chat', messages: [{ role: 'user', content: 'x' }] },
      } satisfies PromptContent,
    ];
    for (const other of others) expect(promptContentHash(other)).not.toBe(one);
  });

  it('has a label that the platform takes', () => {
    const label = contentLabel(promptContentHash(text('x')));
    expect(label).toMatch(/^assay-[0-9a-f]{24}$/);
    expect(label.length).toBeLessThanOrEqual(36);
  });

  it('is measured in bytes, not characters', () => {
    expect(promptBytes(text('ä')) - promptBytes(text('a'))).toBe(1);
  });
});

describe('labels', () => {
  it.each(['production', 'staging-2', 'a.b_c', 'x'.repeat(36)])('take %s', (label) => {
    expect(labelProblem(label)).toBeUndefined();
  });

  it.each([
    ['', /empty/],
    ['x'.repeat(37), /longer than 36/],
    ['Production', /lower-case/],
    ['a b', /lower-case/],
    ['ä', /lower-case/],
    ['latest', /reserved/],
    ['assay-production', /reserved/],
  ])('refuse %j', (label, problem) => {
    expect(labelProblem(label)).toMatch(problem);
  });

  it('of people are told from those of platform and content', () => {
    expect(ownersLabels(['staging', 'latest', 'assay-0123', 'production'])).toEqual([
      'production',
      'staging',
    ]);
  });
});

describe('names of prompts', () => {
  it.each(['triage', 'team/triage v2', '質問'])('take %s', (name) => {
    expect(promptNameSchema.safeParse(name).success).toBe(true);
  });
  it.each(['', '/a', 'a/', 'a//b', '../x', 'a/../b', 'a|b', 'a\\b', ' a', 'a\n', 'x'.repeat(201)])(
    'refuse %j',
    (name) => {
      expect(promptNameSchema.safeParse(name).success).toBe(false);
    },
  );
});

describe('variables', () => {
  const of = promptVariables({
    kind: 'chat',
    messages: [
      { role: 'system', content: 'You help {{customer.name}}.' },
      { placeholder: 'history' },
      { role: 'user', content: '{{#notes}}{{text}}{{/notes}} {{question}} {{question}}' },
    ],
  });

  it('are those that must be there, and those of sections beside them', () => {
    expect(of).toEqual({
      required: ['customer.name', 'question', 'history'],
      optional: ['notes', 'text'],
      placeholders: ['history'],
      problems: [],
    });
  });

  it('fit their declaration, or say each name that does not', () => {
    const none = { undeclared: [], unused: [] };
    expect(undeclaredVariables(of, undefined)).toEqual(none);
    expect(undeclaredVariables(of, ['customer', 'history', 'notes', 'question'])).toEqual(none);
    expect(undeclaredVariables(of, ['customer', 'history', 'notes', 'tone'])).toEqual({
      undeclared: ['question'],
      unused: ['tone'],
    });
  });

  it('of partials and broken templates are problems', () => {
    expect(promptVariables({ kind: 'text', text: '{{> a}}' }).problems).toEqual([
      'uses the partial "a"',
    ]);
    expect(promptVariables({ kind: 'text', text: 'x {{a' }).problems).toEqual([
      expect.stringContaining('line 1, column 3') as unknown,
    ]);
  });
});

describe('the difference of two versions', () => {
  const before = text('one\ntwo\nthree', { model: 'a', parameters: { temperature: 0 } });
  const after = text('one\n2\nthree', { model: 'a', parameters: { temperature: 1, seed: 3 } });

  it('is none for equal contents in another order of keys', () => {
    expect(promptDifferences(text('x', { a: 1, b: 2 }), text('x', { b: 2, a: 1 }))).toEqual([]);
  });

  it('names each place for machines', () => {
    expect(promptDifferences(before, after)).toEqual([
      { at: 'text', before: 'one\ntwo\nthree', after: 'one\n2\nthree' },
      { at: 'config.parameters.seed', after: 3 },
      { at: 'config.parameters.temperature', before: 0, after: 1 },
    ]);
  });

  it('is a unified diff for people', () => {
    const lines = unifiedDiff(
      { before: 'platform', after: 'git' },
      diffLines(promptLines(text('a\nb\nc\nd\ne\nf\ng')), promptLines(text('a\nb\nc\nd\nE\nf\ng'))),
    );
    expect(lines).toEqual([
      '--- platform',
      '+++ git',
      '@@ -2,6 +2,6 @@',
      ' b',
      ' c',
      ' d',
      '-e',
      '+E',
      ' f',
      ' g',
    ]);
  });

  it('of any two texts leads from the one to the other', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (from, to) => {
        const hunks = diffLines(from, to, Number.MAX_SAFE_INTEGER);
        const side = (not: '-' | '+'): readonly string[] =>
          hunks.flatMap((hunk) => hunk.lines.filter(({ sign }) => sign !== not).map((l) => l.text));
        if (hunks.length === 0) expect(from).toEqual(to);
        else expect([side('+'), side('-')]).toEqual([from, to]);
      }),
    );
  });

  it('says where each group stands', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const changed = lines.map((line, index) => (index === 3 || index === 25 ? 'new' : line));
    const [first, second, ...rest] = diffLines(lines, [
      ...changed.slice(0, 4),
      'more',
      ...changed.slice(4),
    ]);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ before: { start: 1, count: 7 }, after: { start: 1, count: 8 } });
    expect(second).toMatchObject({
      before: { start: 23, count: 7 },
      after: { start: 24, count: 7 },
    });
  });

  it('of thousands of lines that all differ comes at once', () => {
    const many = (mark: string) => Array.from({ length: 5_000 }, (_, index) => `${mark}${index}`);
    expect(diffLines(many('a'), many('b'))[0]?.lines).toHaveLength(10_000);
  });
});

describe('the previous holder of a label', () => {
  const promote = (to: string, from?: string): RecordedMove => ({
    kind: 'promote',
    to,
    ...(from === undefined ? {} : { from }),
  });
  const rollback = (to: string, from: string): RecordedMove => ({ kind: 'rollback', to, from });

  it('is who had it before the last move', () => {
    expect(previousHolder([promote('1'), promote('2', '1')], '2')).toEqual({ version: '1' });
  });

  it('goes back one more with each rollback', () => {
    const moves = [promote('1'), promote('2', '1'), promote('3', '2'), rollback('2', '3')];
    expect(previousHolder(moves, '2')).toEqual({ version: '1' });
    expect(previousHolder([...moves, rollback('1', '2')], '1')).toEqual({
      unknown: 'first-holder',
    });
  });

  it('does not go in circles where a version had the label twice', () => {
    const moves = [promote('3'), promote('4', '3'), promote('3', '4')];
    expect(previousHolder(moves, '3')).toEqual({ version: '4' });
    expect(previousHolder([...moves, rollback('4', '3')], '4')).toEqual({ version: '3' });
    expect(previousHolder([...moves, rollback('4', '3'), rollback('3', '4')], '3')).toEqual({
      unknown: 'first-holder',
    });
  });

  it('counts what a later move tells of a move without us', () => {
    expect(previousHolder([promote('1'), promote('5', '4')], '5')).toEqual({ version: '4' });
  });

  it('is not known where nothing was recorded, or the label stands elsewhere by now', () => {
    expect(previousHolder([], '1')).toEqual({ unknown: 'no-moves' });
    expect(previousHolder([promote('2', '1')], '7')).toEqual({ unknown: 'moved-elsewhere' });
    expect(previousHolder([promote('2', '1')], undefined)).toEqual({ unknown: 'moved-elsewhere' });
    expect(previousHolder([promote('2')], '2')).toEqual({ unknown: 'first-holder' });
  });
});
