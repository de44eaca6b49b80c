import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createCheckScheduled } from '../../../../src/activities/regression/check-scheduled.js';
import type { RegressionPorts } from '../../../../src/activities/regression/ports.js';
import { scheduledWorkSchema } from '../../../../src/contracts/schedule.js';
import { AssayError } from '../../../../src/core/errors/assay-error.js';
import { inActivity } from '../../../support/in-activity.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-scheduled-'));
  await mkdir(join(root, 'datasets', 'items'), { recursive: true });
  await writeFile(join(root, 'datasets', 'items', 'test_cases.json'), '[{"id":"a","inputs":{}}]');
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** @param query what Postgres says. */
const check = (names: { target: string; base: object }, query: () => Promise<unknown>) => {
  const config = { targets: { good: {} }, evaluators: {}, datasetsFolder: 'datasets' };
  const ports = { project: { config, root }, store: { query }, platforms: [] };
  const { target, base } = names;
  const head = { target, dataset: { name: 'items' } };
  const work = scheduledWorkSchema.parse({ kind: 'gate', head, base });
  return inActivity(() =>
    createCheckScheduled(ports as unknown as RegressionPorts)({ project: 'shop', work }),
  );
};

const named = { kind: 'baseline', name: 'main' };

describe('the names of a scheduled job', () => {
  it('are refused all at once where they are not there', async () => {
    const reply = await check({ target: 'nobody', base: named }, () =>
      Promise.resolve({ rows: [], rowCount: 0 }),
    );
    expect(reply).toMatchObject({
      problems: [{ at: 'schedule.work.head.target' }, { at: 'schedule.work.base.name' }],
    });
  });

  it('are answered with what is away, also where that may pass: somebody waits', async () => {
    const away = new AssayError('POSTGRES_UNREACHABLE', 'Postgres does not answer.', {
      retryAfterMs: 1_000,
    });
    const reply = await check({ target: 'good', base: named }, () => Promise.reject(away));
    expect(reply).toMatchObject({ error: { code: 'POSTGRES_UNREACHABLE' } });
  });
});
