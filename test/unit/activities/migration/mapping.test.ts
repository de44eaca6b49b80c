import { describe, expect, it } from '@jest/globals';

import { promptRows, versionKey } from '../../../../src/activities/migration/prompt-rows.js';
import { scoreKey, spansKey, windowOf } from '../../../../src/activities/migration/trace-page.js';
import { platformMigrationSchema, partsOf } from '../../../../src/contracts/platform-migration.js';
import { filterOf } from '../../../../src/platforms/langsmith/trace-source.js';
import type { PromptVersion } from '../../../../src/platforms/prompt-port.js';

const version = (change: Partial<PromptVersion> = {}): PromptVersion => ({
  name: 'greeter',
  version: 'c1',
  labels: [],
  tags: [],
  body: { kind: 'text', text: 'Hello' },
  config: {},
  ...change,
});

describe('what is moved of a prompt', () => {
  it('is each version and each label of people, and not what platforms put there themselves', () => {
    const rows = promptRows('greeter', {
      versions: [version({ labels: ['latest', 'assay-0123', 'production'] })],
      unreadable: new Map([['c2', 'jinja2']]),
    });
    expect(rows.map(({ kind, state, reason }) => [kind, state, reason])).toEqual([
      ['prompt_version', 'found', undefined],
      ['prompt_version', 'left', 'jinja2'],
      ['prompt_label', 'found', undefined],
    ]);
    expect(rows[0]?.sourceId).toBe(versionKey('greeter', 'c1'));
  });

  it('is left with a reason where the target takes no such name or label', () => {
    const labelled = promptRows('greeter', {
      versions: [version({ labels: ['Prod Main'] })],
      unreadable: new Map(),
    });
    expect(labelled.at(-1)).toMatchObject({ kind: 'prompt_label', state: 'left' });
    const named = promptRows('a|b', { versions: [version()], unreadable: new Map() });
    expect(named).toMatchObject([
      { state: 'left', reason: 'the name holds | or \\ or a control character' },
    ]);
  });
});

describe('what is compared', () => {
  it('is the set of a trace’s spans, in whatever order they come', () => {
    expect(spansKey(['a', 'b'])).toBe(spansKey(['b', 'a']));
    expect(spansKey(['a'])).not.toBe(spansKey(['a', 'b']));
  });

  it('is the value of a score with its type, so that 1 is not true', () => {
    const one = { name: 'x', value: { type: 'NUMERIC', value: 1 } } as const;
    const yes = { name: 'x', value: { type: 'BOOLEAN', value: true } } as const;
    expect(scoreKey(one)).not.toBe(scoreKey(yes));
    expect(scoreKey(one)).toBe(scoreKey({ ...one }));
  });
});

describe('the time in which traces are looked for', () => {
  const trace = (...starts: readonly string[]) => ({
    id: 't',
    tags: [],
    notCarried: [],
    spans: starts.map((startedAt, index) => ({
      id: String(index),
      name: 's',
      kind: 'chain' as const,
      startedAt,
      metadata: {},
    })),
  });

  it('holds every span, with the digits that the target drops', () => {
    expect(windowOf([trace('2026-03-01T12:00:00.000900', '2026-03-01T12:00:01.999999Z')])).toEqual({
      from: '2026-03-01T11:59:59.999Z',
      to: '2026-03-01T12:00:02.001Z',
    });
    expect(windowOf([])).toBeUndefined();
  });

  it('reaches beyond the roots on the source, within bounds', () => {
    const root = (start_time: string, end_time: string | null) => ({
      id: 'r',
      trace_id: 'r',
      name: 'r',
      run_type: 'chain',
      start_time,
      end_time,
    });
    expect(filterOf([root('2026-03-01T12:00:00', '2026-03-01T12:00:10')])).toBe(
      'and(gte(start_time, "2026-03-01T11:59:50.000Z"), lte(start_time, "2026-03-01T12:00:20.000Z"))',
    );
    expect(filterOf([root('2026-03-01T12:00:00', '2026-03-01T18:00:00')])).toContain('11:59:00');
    expect(filterOf([root('2026-03-01T12:00:00', null)])).toBe(
      'gte(start_time, "2026-03-01T11:59:58.000Z")',
    );
  });
});

describe('what a move may ask for', () => {
  const move = { project: 'p', name: 'n' } as const;

  it('is everything that its direction knows', () => {
    expect(partsOf({ direction: 'langsmith-to-langfuse' })).toHaveLength(4);
    expect(partsOf({ direction: 'langfuse-to-langsmith' })).toEqual(['datasets', 'prompts']);
  });

  it('is refused where the direction knows no traces', () => {
    const asked = { ...move, direction: 'langfuse-to-langsmith', only: ['traces'] };
    expect(platformMigrationSchema.safeParse(asked).success).toBe(false);
    const since = { ...move, direction: 'langsmith-to-langfuse', since: 'yesterday' };
    expect(platformMigrationSchema.safeParse(since).success).toBe(false);
  });
});
