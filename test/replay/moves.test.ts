import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from '@jest/globals';

const folder = new URL('move-histories/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));
const textOf = (name: string): string => readFileSync(new URL(`${name}.json`, folder), 'utf8');
/** What production runs: the bundle of the build. */
const bundle = readFileSync(resolve('dist/workers/workflows.bundle.js'), 'utf8');

/** A mark of the workflow's code, as histories hold it. */
const patch = (id: string): string =>
  Buffer.from(JSON.stringify({ id, deprecated: false })).toString('base64');

const replay = (name: string, code = bundle): Promise<void> =>
  Worker.runReplayHistory(
    { workflowBundle: { code } },
    JSON.parse(textOf(name)),
    `recorded/${name}`,
  );

describe('recorded histories of moves between platforms', () => {
  beforeAll(() => {
    // A replay that fails is what one of these tests is about; it need not fill the log.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  });

  it('are of every kind', () => {
    expect([...names].sort()).toEqual([
      'anew-long-1',
      'anew-long-2',
      'away',
      'cancelled',
      'dry-run',
      'failed',
      'not-sent',
      'plain',
      'settled-away',
      'settled-cancelled',
      'settled-long-1',
      'settled-long-2',
      'settled-not-sent',
      'settled-plain',
    ]);
    expect(textOf('not-sent')).toContain('EVENT_TYPE_TIMER_FIRED');
    expect(textOf('settled-cancelled')).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED');
    expect(textOf('settled-long-1')).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW');
    // The others are of the build before executions were marked.
    for (const name of names) {
      expect(textOf(name).includes('EVENT_TYPE_MARKER_RECORDED')).toBe(
        /^(?:settled|anew)/.test(name),
      );
    }
    // Only what goes on in a new execution has a wait of another one to end.
    expect(names.filter((name) => textOf(name).includes(patch('waits-anew')))).toEqual([
      'anew-long-2',
    ]);
  });

  it.each(names)('%s: the workflow of this build goes the same way', async (name) => {
    await expect(replay(name)).resolves.toBeUndefined();
  });

  it.each([
    ['plain', 'call.moveSlice(', 'call.otherwise('],
    ['settled-not-sent', 'call.publishMove(', 'call.otherwise('],
    ['settled-away', 'short.noteMove(', 'short.otherwise('],
    ['settled-plain', "patched)('traces-settle')", "patched)('another')"],
    ['anew-long-2', "patched)('waits-anew')", "patched)('another')"],
  ])(
    '%s is not fitted by a workflow with %s changed: the replay can fail',
    async (name, of, by) => {
      const changed = bundle.replaceAll(of, by);
      expect(changed).not.toBe(bundle);
      await expect(replay(name, changed)).rejects.toThrow(/nondeterminism|non-?determinis/i);
    },
  );
});
