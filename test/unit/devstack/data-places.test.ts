import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { dataPlaces } from '../../../src/devstack/index.js';

let folder: string;
let outside: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'assay-places-')));
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  outside = `/var/tmp/assay-${process.getuid?.() ?? 0}-${hash}`;
});
afterEach(() => {
  for (const path of [folder, outside]) rmSync(path, { recursive: true, force: true });
});

describe('where the data of a stack is', () => {
  it('is the project alone where Postgres keeps its files there', () => {
    mkdirSync(join(folder, '.assay', 'postgres', 'data'), { recursive: true });
    mkdirSync(outside);
    expect(dataPlaces(folder)).toEqual([join(folder, '.assay')]);
  });

  it('names the folder outside that deleting the project would leave behind', () => {
    mkdirSync(join(outside, 'data'), { recursive: true });
    expect(dataPlaces(folder)).toEqual([join(folder, '.assay'), outside]);
  });
});
