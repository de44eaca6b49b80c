import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkParts } from '../../../src/cli/commands/config-parts.js';
import { configSchema } from '../../../src/contracts/config.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-parts-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const config = configSchema.parse({
  project: 'p',
  models: { demo: { model: 'demo-1' } },
  targets: { asks: { kind: 'prompt', model: 'demo' } },
  evaluators: { tone: { kind: 'llm_judge', model: 'demo', rubricFile: 'rubric.md' } },
});
const project = { config, codeHash: 'c'.repeat(64) };

describe('the check of a config', () => {
  it('tells every file that is missing at once', async () => {
    await expect(checkParts({ ...project, root })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: expect.arrayContaining([
        expect.objectContaining({ at: join(root, 'targets', 'asks', 'prompt.txt') }),
        expect.objectContaining({ at: expect.stringContaining('evaluators.tone') }),
      ]),
    });
  });

  it('passes where the files are there', async () => {
    await mkdir(join(root, 'targets', 'asks'), { recursive: true });
    await writeFile(join(root, 'targets', 'asks', 'prompt.txt'), 'Answer: {{text}}');
    await writeFile(join(root, 'rubric.md'), 'Is it kind?');
    await expect(checkParts({ ...project, root })).resolves.toBeUndefined();
  });
});
