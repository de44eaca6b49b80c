import { describe, expect, it } from '@jest/globals';

import { refuseOtherPush } from '../../../src/client/running-push.js';
import { datasetPushSchema, type DatasetPushInput } from '../../../src/contracts/dataset-push.js';

const of = (changes: Partial<DatasetPushInput> = {}) =>
  datasetPushSchema.parse({
    project: 'shop',
    dataset: 'tickets',
    stamp: 'a'.repeat(64),
    ...changes,
  });
const pushId = 'assay/shop/dataset/tickets/run-1';

function refusal(running: Partial<DatasetPushInput>, asked: Partial<DatasetPushInput>) {
  try {
    refuseOtherPush({ request: of(running), pushId }, of(asked));
  } catch (error) {
    return error as { code: string; message: string; mend: string; problems: unknown };
  }
  return undefined;
}

describe('a push while another one of the dataset goes on', () => {
  it('of other content is told which one goes on, in what they differ, how to look at it and how to end it', () => {
    const running = { archiveRemoved: true, backend: 'both' } as const;
    expect(refusal(running, { stamp: 'b'.repeat(64) })).toMatchObject({
      code: 'DATASET_PUSH_RUNNING',
      message:
        'A push of "tickets" that asks for something else is under way: the workflow assay/shop/dataset/tickets.',
      problems: [
        { at: 'backend', message: "the one under way: both; yours: the config's default" },
        {
          at: 'archive-removed',
          message: 'the one under way: with --archive-removed; yours: without --archive-removed',
        },
        {
          at: 'files',
          message:
            'are others than those that the one under way began with: they changed since, or are of another checkout',
        },
      ],
      mend: 'Look at the workflow in Temporal and wait for its end, or cancel it there (what it wrote stands); then push again.',
    });
  });

  it('whose files are the same can be watched by the command that began it', () => {
    expect(refusal({ archiveRemoved: true, backend: 'both' }, {})?.mend).toBe(
      'Watch it with `assay datasets push tickets --backend both --archive-removed` until its end, or cancel its workflow in Temporal (what it wrote stands); then push again.',
    );
    expect(refusal({}, { archiveRemoved: true })?.mend).toContain(
      '`assay datasets push tickets` until',
    );
  });

  it('that asks for the same is the same push, however long it would wait', () => {
    expect(refusal({}, { patienceMs: 1 })).toBeUndefined();
  });
});
