import { describe, expect, it } from '@jest/globals';

import { baselineRequestSchema } from '../../../src/contracts/baseline.js';
import { gateRequestSchema } from '../../../src/contracts/gate-protocol.js';
import { gateSettingsSchema } from '../../../src/contracts/gate.js';
import { scheduleSpecSchema } from '../../../src/contracts/schedule.js';

const problems = (
  schema: { safeParse(input: unknown): { error?: { issues: { path: PropertyKey[] }[] } } },
  input: unknown,
): string[] =>
  (schema.safeParse(input).error?.issues ?? []).map(({ path }) => path.map(String).join('.'));

const spec = { project: 'shop', name: 'pr-1', target: 'triage', dataset: { name: 'tickets' } };
const request = { project: 'shop', name: 'pr-1', head: { kind: 'start', spec } };

describe('the settings of a gate', () => {
  it('may be empty, and every problem is told at once', () => {
    expect(problems(gateSettingsSchema, {})).toEqual([]);
    expect(
      problems(gateSettingsSchema, {
        margin: 0,
        alpha: 0.5,
        evaluators: { tone: { margin: -0.1, scale: { min: 5, max: 1 } } },
        cost: { margin: 0 },
        slices: ['metadata/language'],
        cluster: '/metadata/~9',
        power: 1,
        marign: 0.1,
      }).sort(),
    ).toEqual(
      [
        '',
        'alpha',
        'cluster',
        'cost.margin',
        'evaluators.tone.margin',
        'evaluators.tone.scale',
        'margin',
        'power',
        'slices.0',
      ].sort(),
    );
  });
});

describe('a request for a gate', () => {
  it('compares with the promoted baseline and publishes, unless it says otherwise', () => {
    expect(gateRequestSchema.parse(request)).toMatchObject({
      base: { kind: 'baseline' },
      settings: {},
      publish: true,
    });
  });

  it('starts no base for a run that has ended', () => {
    const head = { kind: 'run', name: 'nightly' };
    const base = { kind: 'start', target: 'triage' };
    expect(problems(gateRequestSchema, { ...request, head, base })).toEqual(['base']);
  });

  it('is of one project', () => {
    const head = { kind: 'start', spec: { ...spec, project: 'other' } };
    expect(problems(gateRequestSchema, { ...request, head })).toEqual(['head.spec.project']);
  });

  it.each(['', 'a/b', 'x'.repeat(196), '<b>', 'a\u202eb'])('cannot be called %j', (name) => {
    expect(problems(gateRequestSchema, { ...request, name })).toContain('name');
    const save = { kind: 'save', project: 'shop', name: 'ok', run: name.slice(0, 195) };
    if (name.length < 196) expect(problems(baselineRequestSchema, save)).toContain('run');
  });
});

describe('a schedule', () => {
  const work = { kind: 'gate', head: { target: 'triage', dataset: { name: 'tickets' } } };

  it('is in UTC and makes up for a day, unless it says otherwise', () => {
    const parsed = scheduleSpecSchema.parse({
      project: 'shop',
      job: 'nightly',
      cron: '0 3 * * *',
      work,
    });
    expect(parsed).toMatchObject({ timezone: 'UTC', catchupMs: 86_400_000 });
  });

  it('tells all problems at once', () => {
    const bad = {
      project: 'Shop',
      job: '../nightly',
      cron: 'every night',
      timezone: 'Nowhere',
      catchupMs: 1,
      work: { ...work, head: { ...work.head, name: 'mine' }, settings: { margin: 0 } },
    };
    expect([...new Set(problems(scheduleSpecSchema, bad))].sort()).toEqual(
      [
        'catchupMs',
        'cron',
        'job',
        'project',
        'timezone',
        'work.head',
        'work.settings.margin',
      ].sort(),
    );
  });
});
