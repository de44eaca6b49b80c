import { describe, expect, it } from '@jest/globals';
import { tmpdir } from 'node:os';

import { baseOf, settingsOf } from '../../../src/cli/commands/gate-options.js';
import { headSpec } from '../../../src/cli/commands/gate-run.js';
import { verdictExitCode } from '../../../src/cli/commands/gate-text.js';
import { runCli } from '../../../src/cli/run-cli.js';
import { gatePolicy } from '../../../src/core/gate/policy.js';
import { recorded } from './streams.js';

async function run(...args: string[]) {
  const [out, err] = [recorded(), recorded()];
  const from = { stdout: out.stream, stderr: err.stream, environment: {}, cwd: tmpdir() };
  return { code: await runCli(from, args), err: err.text() };
}

const gate = ['gate', 'run', '--dataset', 'd', '--target', 't'];
const nightly = ['schedule', 'create', 'nightly', '--dataset', 'd', '--target', 't'];

describe('a command line of gates', () => {
  it.each([
    [['gate'], 'A command is missing'],
    [['gate', 'run', '--target', 't'], "'--dataset <name>' not specified"],
    [[...gate, '--margin', 'small'], 'a number such as 0.02'],
    [[...gate, '--margin-of', '0.05'], 'a score and its margin'],
    [[...gate, '--max-cost-growth', 'much'], 'a share such as 10%'],
    [[...gate, '--inconclusive', 'maybe'], 'Allowed choices are'],
    [[...gate, '--timeout', '30'], 'a time with its unit'],
    [['gate', 'compare'], "Missing required argument 'run'"],
    [['baseline', 'save'], "Missing required argument 'run'"],
    [nightly, "'--cron <expression>' not specified"],
    [['schedule', 'backfill', 'nightly', '--from', 'x'], "'--to <moment>' not specified"],
  ])('that is not understood says why: %j', async (args, words) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(words);
  });
});

describe('the options of a gate', () => {
  it('become settings; what is not given is left to the config', () => {
    expect(settingsOf({})).toEqual({});
    expect(
      settingsOf({
        margin: 0.03,
        marginOf: { tone: 0.1 },
        maxCostGrowth: 0.1,
        slice: ['/metadata/language'],
        inconclusive: 'pass',
      }),
    ).toEqual({
      margin: 0.03,
      evaluators: { tone: { margin: 0.1 } },
      cost: { margin: 0.1 },
      slices: ['/metadata/language'],
      inconclusive: 'pass',
    });
  });

  it('name one base at most', () => {
    expect(baseOf({})).toEqual({ kind: 'baseline' });
    expect(baseOf({ baseline: 'main' })).toEqual({ kind: 'baseline', name: 'main' });
    expect(baseOf({ base: 'run' })).toEqual({ kind: 'run', name: 'run' });
    expect(baseOf({ baseTarget: 'v1' })).toEqual({ kind: 'start', target: 'v1' });
    expect(() => baseOf({ baseline: 'main', baseTarget: 'v1' })).toThrow('one base');
  });
});

describe('the run of a gate', () => {
  const priorityOf = (environment: Record<string, string>, options: object = {}) => {
    const asked = { dataset: 'd', target: 't', ...options };
    return headSpec({ environment, err: recorded({ environment }).sink }, 'shop', asked).priority;
  };

  it('goes before what nobody waits for in a pipeline, as any run that is asked for there', () => {
    expect(priorityOf({ CI: 'true' })).toBe('ci');
    expect(priorityOf({ CI: 'false' })).toBe('bulk');
    expect(priorityOf({ CI: 'true' }, { priority: 'interactive' })).toBe('interactive');
  });
});

describe('the exit code of a verdict', () => {
  it.each([
    ['pass', 'fail', 0],
    ['regress', 'fail', 10],
    ['regress', 'pass', 10],
    ['inconclusive', 'fail', 11],
    ['inconclusive', 'pass', 0],
  ] as const)('%s, inconclusive counting as %s: %d', (verdict, inconclusive, exit) => {
    expect(verdictExitCode({ verdict, policy: gatePolicy({ inconclusive }, {}) })).toBe(exit);
  });
});
