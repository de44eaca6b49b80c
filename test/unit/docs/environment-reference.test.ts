import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { environmentNames } from '../../../src/contracts/environment.js';
import { searchAttributes } from '../../../src/core/experiment/naming.js';

const root = join(import.meta.dirname, '..', '..', '..');
const page = await readFile(join(root, 'docs', 'reference', 'environment.md'), 'utf8');

describe('the environment reference', () => {
  it.each(environmentNames)('has a row for %s, which connections are read from', (name) => {
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
  });

  it('names every search attribute that a server must have', () => {
    for (const name of Object.keys(searchAttributes)) expect(page).toContain(`\`${name}\``);
    expect(new Set(Object.values(searchAttributes))).toEqual(new Set(['KEYWORD']));
  });
});
