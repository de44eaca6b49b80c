import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from '@jest/globals';

const folder = new URL('gate-histories/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));
const textOf = (name: string): string => readFileSync(new URL(`${name}.json`, folder), 'utf8');
/** What production runs: the bundle of the build. */
const bundle = readFileSync(resolve('dist/workers/workflows.bundle.js'), 'utf8');

const replay = (name: string, code = bundle): Promise<void> =>
  Worker.runReplayHistory(
    { workflowBundle: { code } },
    JSON.parse(textOf(name)),
    `recorded/${name}`,
  );

describe('recorded histories of gates, baselines and schedules', () => {
  beforeAll(() => {
    // A replay that fails is what one of these tests is about; it need not fill the log.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  });

  it('are of every kind', () => {
    const kinds = new Set(names.map((name) => name.replace(/-\d+$/, '')));
    expect([...kinds].sort()).toEqual([
      'baseline-renewed',
      'baseline-saved',
      'early',
      'failed',
      'long',
      'rejected',
      'scheduled',
      'started',
    ]);
    expect(textOf('started-1')).toContain('verifyVerdict');
    expect(textOf('started-2')).not.toContain('decideGate');
    expect(textOf('failed')).toContain('finishGate');
    expect(textOf('long-1')).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW');
    const early = names.filter((name) => name.startsWith('early')).map(textOf);
    expect(early.join('')).toContain('stopHead');
    expect(textOf('baseline-renewed')).toContain('renewBaseline');
    expect(textOf('scheduled')).toContain('TemporalScheduledStartTime');
  });

  it.each(names)('%s: the workflow of this build goes the same way', async (name) => {
    await expect(replay(name)).resolves.toBeUndefined();
  });

  it('of a gate that goes on after a long history are fitted by what a schedule starts as well: it goes on as itself', async () => {
    // With an input of what was admitted, which the next execution of either type gets.
    const typed = textOf('long-2').replaceAll('"name": "regression"', '"name": "scheduled"');
    expect(typed).not.toBe(textOf('long-2'));
    await expect(
      Worker.runReplayHistory({ workflowBundle: { code: bundle } }, JSON.parse(typed), 'scheduled'),
    ).resolves.toBeUndefined();
  });

  it('are not fitted by a workflow that was changed: the replay can fail', async () => {
    const changed = bundle.replaceAll('decideGate', 'decideGateOtherwise');
    expect(changed).not.toBe(bundle);
    await expect(replay('started-1', changed)).rejects.toThrow(/nondeterminism|non-?determinis/i);
  });
});
