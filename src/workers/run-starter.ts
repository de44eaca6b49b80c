import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';

import type { RunStarter } from '../activities/regression/ports.js';
import { sendCommand } from '../client/commands.js';
import { sendReopen } from '../client/reopen.js';
import { submitExperiment } from '../client/submit.js';
import { passRequestSchema } from '../contracts/pass.js';
import { AssayError } from '../core/errors/assay-error.js';
import { stopUpdate } from '../core/experiment/naming.js';

/** Starts runs from activities by the very way that callers take, over the worker's own connection. */
export function createRunStarter(connection: NativeConnection, namespace: string): RunStarter {
  const client = new Client({ connection, namespace });
  return {
    submit: (spec) => submitExperiment(client, spec),
    async stop(key, stop) {
      try {
        await sendCommand(client, { ...key, update: stopUpdate, request: { stop } });
      } catch (error) {
        // It has ended, is ending, or was cancelled: there is nothing left to save.
        if (AssayError.is(error) && error.code === 'EXPERIMENT_FINISHED') return;
        throw error;
      }
    },
    rejudge: (key) => sendReopen(client, key, passRequestSchema.parse({ kind: 'rejudge' })),
  };
}
