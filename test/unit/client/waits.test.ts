import { describe, expect, it } from '@jest/globals';

import { createWaits } from '../../../src/client/progress.js';
import type { Transport } from '../../../src/client/transport.js';

/** A Temporal server whose workflow has these steps under way, and answers its query with this. */
const temporal = (pendingActivities: readonly object[], waitingFor?: string) =>
  ({
    temporal: () =>
      Promise.resolve({
        withDeadline: (_deadline: number, ask: () => unknown) => ask(),
        workflow: {
          getHandle: () => ({
            describe: () => Promise.resolve({ raw: { pendingActivities } }),
            query: () => Promise.resolve({ waitingFor }),
          }),
        },
      }),
  }) as unknown as Pick<Transport, 'temporal'>;

const run = { project: 'p', name: 'n' };
const plan = { activityType: { name: 'planExperiment' } };

describe('what a run waits for', () => {
  it('is told while it is planned by what the plan failed with: only Temporal knows it', async () => {
    const message = 'LangSmith at https://smith.example does not answer.';
    const away = createWaits(temporal([{ ...plan, lastFailure: { message } }]));
    expect(await away.of({ ...run, status: 'planning' })).toBe(message);
    const first = createWaits(temporal([plan]));
    expect(await first.of({ ...run, status: 'planning' })).toBeUndefined();
    const none = createWaits(temporal([]));
    expect(await none.of({ ...run, status: 'planning' })).toBeUndefined();
  });

  it('is told by its workflow from then on, and by nobody after its end', async () => {
    const waits = createWaits(temporal([], 'langsmith: 503'));
    expect(await waits.of({ ...run, status: 'publishing' })).toBe('langsmith: 503');
    expect(await waits.of({ ...run, status: 'completed' })).toBeUndefined();
  });
});
