import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { readLocalDataset } from '../../../src/datasets/local-dataset.js';

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

async function withDataset(
  files: { readonly cases: string; readonly expected?: string },
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-nesting-'));
  try {
    await mkdir(join(folder, 'deep'));
    await writeFile(join(folder, 'deep', 'test_cases.json'), files.cases);
    if (files.expected !== undefined) {
      await writeFile(join(folder, 'deep', 'expected.json'), files.expected);
    }
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const invalidAt = (place: string) => ({
  code: 'DATASET_INVALID',
  problems: [
    {
      at: expect.stringContaining(place),
      message: expect.stringContaining('nested deeper than 500'),
    },
  ],
});

describe('a dataset whose items are nested too deeply', () => {
  it('is refused with the place, however deep', async () => {
    for (const levels of [600, 100_000]) {
      const cases = `[{"id":"a","inputs":{"x":1}},{"id":"b","inputs":{"x":${nested(levels)}}}]`;
      await withDataset({ cases }, async (folder) => {
        await expect(readLocalDataset(folder, 'deep')).rejects.toMatchObject(
          invalidAt('test_cases.json: [1]'),
        );
      });
    }
  });

  it('is refused for what it expects as well, in both forms of expected.json', async () => {
    const cases = '[{"id":"a","inputs":{"x":1}}]';
    const byId = { cases, expected: `{"a":${nested(100_000)}}` };
    await withDataset(byId, async (folder) => {
      await expect(readLocalDataset(folder, 'deep')).rejects.toMatchObject(
        invalidAt('expected.json: a'),
      );
    });
    const listed = { cases, expected: `[{"id":"a","expected":${nested(100_000)}}]` };
    await withDataset(listed, async (folder) => {
      await expect(readLocalDataset(folder, 'deep')).rejects.toMatchObject(
        invalidAt('expected.json: [0].expected'),
      );
    });
  });

  it('is fine up to the limit', async () => {
    const cases = `[{"id":"a","inputs":{"x":${nested(400)}}}]`;
    await withDataset({ cases }, async (folder) => {
      await expect(readLocalDataset(folder, 'deep')).resolves.toHaveLength(1);
    });
  });
});
