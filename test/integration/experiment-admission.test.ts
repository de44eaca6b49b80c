import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createAdmit } from '../../src/activities/experiment/admit.js';
import type { ExperimentPorts } from '../../src/activities/experiment/ports.js';
import { experimentSpecSchema } from '../../src/contracts/experiment-spec.js';
import { AssayError } from '../../src/core/errors/assay-error.js';
import { newExperiment, openTestStore, unique, type TestStore } from './store-fixtures.js';
import { inActivity } from '../support/in-activity.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** Admits a submission of a target that is not there, beside a platform that says that it has the name. */
const admit = (name: string, meanwhile: () => Promise<unknown>) => {
  const taken = async (): Promise<never> => {
    await meanwhile();
    throw new AssayError('EXPERIMENT_EXISTS_ELSEWHERE', 'The name is taken.');
  };
  const platform = {
    name: 'langfuse',
    describe: () => Promise.resolve({}),
    refuseTakenName: taken,
  };
  const ports = {
    store: test.store,
    platforms: [platform],
    project: {
      config: { targets: {}, trace: 'platform', platform: { backend: 'langfuse' } },
    },
  } as unknown as ExperimentPorts;
  const spec = experimentSpecSchema.parse({
    project: 'shop',
    name,
    target: 'nobody',
    dataset: { name: 'items' },
  });
  return inActivity(() => createAdmit(ports)({ spec, workflowId: 'w', workflowRunId: 'r' }));
};

describe('a name that a platform has already', () => {
  it('is refused where no run here made it', async () => {
    const reply = await admit(unique('run'), () => Promise.resolve());
    expect(reply).toMatchObject({
      outcome: 'rejected',
      error: { code: 'EXPERIMENT_EXISTS_ELSEWHERE' },
    });
  });

  it('is that of the run where the same submission was admitted beside this one: it goes on', async () => {
    const name = unique('run');
    const reply = await admit(name, () => newExperiment(test.store, name));
    expect(reply).toMatchObject({ outcome: 'rejected', error: { code: 'TARGET_NOT_FOUND' } });
  });
});
