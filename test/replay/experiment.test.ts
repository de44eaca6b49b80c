import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { experimentWorkflowId } from '../../src/core/experiment/naming.js';

const folder = new URL('histories/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));
const textOf = (name: string): string => readFileSync(new URL(`${name}.json`, folder), 'utf8');
/** What production runs: the bundle of the build. */
const bundle = readFileSync(resolve('dist/workers/workflows.bundle.js'), 'utf8');

interface RecordedEvent {
  readonly eventType: string;
}
interface StartedEvent {
  readonly workflowExecutionStartedEventAttributes: {
    readonly input: { readonly payloads: readonly { readonly data: string }[] };
  };
}
const eventTypes = (name: string): Set<string> =>
  new Set(
    (JSON.parse(textOf(name)) as { events: RecordedEvent[] }).events.map(
      ({ eventType }) => eventType,
    ),
  );

const replay = (name: string, code = bundle): Promise<void> =>
  Worker.runReplayHistory(
    { workflowBundle: { code } },
    JSON.parse(textOf(name)),
    experimentWorkflowId('recorded', name.replace(/-\d+$/, '')),
  );

describe('recorded histories of experiments', () => {
  beforeAll(() => {
    // A replay that fails is what one of these tests is about; it need not fill the log.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  });

  it('are of every kind: plain, wide, cancelled, rate-limited, conflicting, continued', () => {
    expect(names.map((name) => name.replace(/-\d+$/, ''))).toEqual(
      expect.arrayContaining([
        'plain',
        'wide',
        'cancelled',
        'rate-limited',
        'conflict',
        'continued',
        'settled',
      ]),
    );
    expect(eventTypes('continued-1')).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW');
    expect(eventTypes('continued-2')).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED');
    expect(textOf('settled')).toContain('"acceptedRequest"');
    expect(eventTypes('rate-limited')).toContain('EVENT_TYPE_TIMER_FIRED');
    expect(eventTypes('conflict')).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED');
    expect(textOf('cancelled')).toContain('EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED');
    // What is done after the end: a retry, then a repair.
    expect(textOf('retried-2')).toContain('deleteSuperseded');
    expect(textOf('retried-3')).toContain('repairPublication');
  });

  it('hold every command: pauses that outlast an execution, aborts, raises, early ends', () => {
    expect(names.map((name) => name.replace(/-\d+$/, ''))).toEqual(
      expect.arrayContaining(['paused', 'paused-long', 'faster', 'aborted', 'budgeted', 'stopped']),
    );
    const stateOf = (name: string): unknown => {
      const [first] = (JSON.parse(textOf(name)) as { events: StartedEvent[] }).events;
      const payload = first?.workflowExecutionStartedEventAttributes.input.payloads[0];
      const text = Buffer.from(payload?.data ?? '', 'base64').toString('utf8');
      return (JSON.parse(text) as { state?: unknown }).state;
    };
    expect(stateOf('continued-2')).toMatchObject({ version: 1 });
    expect(stateOf('paused-long-2')).toMatchObject({ version: 2, pause: { cause: 'person' } });
    for (const name of ['paused', 'aborted', 'budgeted']) {
      expect(textOf(name)).toContain('recordCommand');
    }
    expect(textOf('stopped')).toContain('explainFailures');
  });

  it.each(names)('%s: the workflow of this build goes the same way', async (name) => {
    await expect(replay(name)).resolves.toBeUndefined();
  });

  it.each(names)('%s: comes unharmed through JSON and protobuf', (name) => {
    const history = historyFromJSON(JSON.parse(textOf(name)));
    const again = historyFromJSON(JSON.parse(historyToJSON(history)));
    expect(history.events?.length).toBe(
      (JSON.parse(textOf(name)) as { events: unknown[] }).events.length,
    );
    expect(JSON.parse(historyToJSON(again))).toEqual(JSON.parse(historyToJSON(history)));
  });

  it('are not fitted by a workflow that was changed: the replay can fail', async () => {
    const changed = bundle.replaceAll('closeCells', 'closeCellsOtherwise');
    expect(changed).not.toBe(bundle);
    await expect(replay('plain', changed)).rejects.toThrow(/nondeterminism|non-?determinis/i);
  });
});

describe('the bundle of the workflows', () => {
  it('holds none of the packages that triple the memory of a cached workflow', () => {
    const modules = new Set(
      [...bundle.matchAll(/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g)].map((match) => match[1]),
    );
    // The pattern sees what is there.
    expect(modules).toContain('@temporalio/workflow');
    const forbidden = [
      'zod',
      'pg',
      'kysely',
      'openai',
      'undici',
      'pino',
      'ajv',
      'mustache',
      'yaml',
    ];
    const found = [...modules].filter(
      (name) => name !== undefined && (forbidden.includes(name) || name.startsWith('@langfuse/')),
    );
    expect(found).toEqual([]);
  });
});
