import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';

import type { RunStarter } from '../activities/regression/ports.js';
import { sendReopen } from '../client/reopen.js';
import { submitExperiment } from '../client/submit.js';
import { passRequestSchema } from '../contracts/pass.js';

/** Starts runs from activities by the very way that callers take, over the worker's own connection. */
export function createRunStarter(connection: NativeConnection, namespace: string): RunStarter {
  const client = new Client({ connection, namespace });
  return {
    submit: (spec) => submitExperiment(client, spec),
    rejudge: (key) => sendReopen(client, key, passRequestSchema.parse({ kind: 'rejudge' })),
  };
}
