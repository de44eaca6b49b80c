import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from '@jest/globals';

const folder = new URL('platform-histories/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));
const textOf = (name: string): string => readFileSync(new URL(`${name}.json`, folder), 'utf8');
/** What production runs: the bundle of the build. */
const bundle = readFileSync(resolve('dist/workers/workflows.bundle.js'), 'utf8');

const replay = (name: string, code?: string): Promise<void> => replayText(textOf(name), name, code);

const replayText = (text: string, name: string, code = bundle): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: { code } }, JSON.parse(text), `recorded/${name}`);

/** How often an activity was scheduled. */
const scheduled = (name: string, activity: string): number => {
  const { events } = JSON.parse(textOf(name)) as {
    readonly events: readonly {
      readonly activityTaskScheduledEventAttributes?: { readonly activityType: { name: string } };
    }[];
  };
  return events.filter(
    (event) => event.activityTaskScheduledEventAttributes?.activityType.name === activity,
  ).length;
};

describe('recorded histories of pushed datasets, pushed prompts and moved labels', () => {
  beforeAll(() => {
    // A replay that fails is what one of these tests is about; it need not fill the log.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  });

  it('are of every kind', () => {
    expect([...names].sort()).toEqual([
      'label-promoted',
      'label-refused',
      'label-rolled-back',
      'prompt-failed',
      'prompt-pushed',
      'prompt-pushed-both',
      'prompt-unchanged',
      'push-away',
      'push-both',
      'push-cancelled',
      'push-cancelled-before',
      'push-continued-1',
      'push-continued-2',
      'push-given-up',
      'push-invalid',
      'push-long',
      'push-plain',
      'push-running',
      'push-status-done',
      'push-status-refused',
      'queue-failed',
      'queue-moved',
      'queue-pushed',
      'queue-refused',
      'queue-waited',
    ]);
    expect(scheduled('push-invalid', 'pushSlice')).toBe(0);
    expect(scheduled('push-both', 'pushSlice')).toBe(2);
    expect(scheduled('push-long', 'pushSlice')).toBeGreaterThan(1);
    expect(textOf('push-away')).toContain('EVENT_TYPE_TIMER_FIRED');
    expect(scheduled('push-away', 'givePushUp')).toBe(0);
    expect(scheduled('push-given-up', 'givePushUp')).toBe(1);
    expect(textOf('push-continued-1')).toContain('EXECUTION_CONTINUED_AS_NEW');
    expect(textOf('push-continued-1')).toContain('core_patch');
    expect(scheduled('push-continued-2', 'checkPush')).toBe(0);
    // Another push was refused meanwhile, DATASET_PUSH_RUNNING; what the workflow waits for has not come.
    expect(textOf('push-running')).toContain('EVENT_TYPE_TIMER_STARTED');
    expect(textOf('push-running')).not.toMatch(/EXECUTION_(?:COMPLETED|CONTINUED|FAILED|CANCELED)/);
    for (const name of ['push-cancelled', 'push-cancelled-before']) {
      expect(textOf(name)).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED');
    }
    expect(scheduled('push-cancelled', 'givePushUp')).toBe(1);
    // By a build that left the row at work: today's must not want more of it.
    expect(scheduled('push-cancelled-before', 'givePushUp')).toBe(0);
    expect(scheduled('prompt-pushed-both', 'pushPrompt')).toBe(2);
    expect(textOf('prompt-failed')).toContain('EVENT_TYPE_ACTIVITY_TASK_FAILED');
    for (const name of names.filter((each) => each.startsWith('label'))) {
      expect(scheduled(name, 'movePromptLabel')).toBe(1);
    }
    // Of three commands the first met a platform that was away; the others waited behind it.
    expect(textOf('queue-waited').match(/UPDATE_COMPLETED/g)).toHaveLength(3);
    expect(scheduled('queue-waited', 'pushPrompt')).toBeGreaterThan(1);
    for (const name of ['queue-failed', 'queue-refused', 'push-status-refused']) {
      expect(textOf(name)).toContain('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES');
    }
    expect(textOf('label-refused')).toContain('EVENT_TYPE_ACTIVITY_TASK_FAILED');
  });

  it.each(names)('%s: the workflow of this build goes the same way', async (name) => {
    await expect(replay(name)).resolves.toBeUndefined();
  });

  it.each(['push-away', 'push-long', 'push-given-up'])(
    '%s, of before there were new executions: it goes on as it was also where it has grown long',
    async (name) => {
      const grown = textOf(name).replaceAll(
        '"workflowTaskStartedEventAttributes": {',
        '"workflowTaskStartedEventAttributes": { "suggestContinueAsNew": true,',
      );
      expect(grown).not.toBe(textOf(name));
      await expect(replayText(grown, name)).resolves.toBeUndefined();
      const unpatched = bundle.replaceAll(/\(0,\s*\S+\.patched\)\('push-continues'\)/g, 'true');
      expect(unpatched).not.toBe(bundle);
      await expect(replayText(grown, name, unpatched)).rejects.toThrow(/non-?determinis/i);
    },
  );

  it.each<[name: string, of: string | RegExp, by: string]>([
    ['push-continued-1', "'push-continues'", "'otherwise'"],
    ['push-running', '{ pushSlice,', '{ otherwise: pushSlice,'],
    ['push-plain', '{ checkPush }', '{ otherwise: checkPush }'],
    ['push-away', '{ pushSlice,', '{ otherwise: pushSlice,'],
    ['push-given-up', ', givePushUp }', ', otherwise: givePushUp }'],
    ['push-cancelled', "'push-cancelled'", "'otherwise'"],
    ['push-cancelled-before', /\(0,[^()\s]+\.patched\)\('push-cancelled'\)/g, 'true'],
    ['prompt-pushed', 'call.choosePlatforms(', 'call.otherwise('],
    ['prompt-pushed', 'call.pushPrompt(', 'call.otherwise('],
    ['label-promoted', 'call.movePromptLabel(', 'call.otherwise('],
    ['queue-pushed', 'call.pushPrompt(', 'call.otherwise('],
    ['queue-moved', 'call.movePromptLabel(', 'call.otherwise('],
    ['push-status-done', "'push-status'", "'otherwise'"],
  ])(
    '%s is not fitted by a workflow with %s changed: the replay can fail',
    async (name, of, by) => {
      const changed = bundle.replaceAll(of, by);
      expect(changed).not.toBe(bundle);
      await expect(replay(name, changed)).rejects.toThrow(/nondeterminism|non-?determinis/i);
    },
  );
});
