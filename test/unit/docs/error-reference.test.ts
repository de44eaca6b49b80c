import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { catalogue, type CatalogueEntry } from '../../../src/core/errors/catalogue.js';

const root = join(import.meta.dirname, '..', '..', '..');
const entries: readonly (readonly [code: string, entry: CatalogueEntry])[] =
  Object.entries(catalogue);

/** The rows of the page as its readers see them. */
async function documented(): Promise<readonly (readonly [string, CatalogueEntry])[]> {
  const page = await readFile(join(root, 'docs', 'reference', 'errors.md'), 'utf8');
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [code = '', title = '', status, exit, retry] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return [
        code.replaceAll('`', ''),
        { title, status: Number(status), exit: Number(exit), retry: retry as 'never' },
      ];
    });
}

describe('the error reference', () => {
  it('tells every error of the catalogue, and none that is not in it', async () => {
    const rows = await documented();
    expect(rows.map(([code]) => code).sort()).toEqual(entries.map(([code]) => code).sort());
    expect(Object.fromEntries(rows)).toEqual(catalogue);
  });

  it('is what the generator writes', async () => {
    const generator = join(root, 'tools', 'generate-error-reference.mjs');
    await expect(
      promisify(execFile)(process.execPath, [generator, '--check']),
    ).resolves.toMatchObject({ stderr: '' });
  });
});

describe('the error catalogue', () => {
  it.each(entries)('gives %s a status, an exit code, a retry and a title', (code, entry) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(entry.status).toBeGreaterThanOrEqual(400);
    expect(entry.status).toBeLessThan(600);
    expect([2, 3, 4, 5, 6, 7, 70]).toContain(entry.exit);
    expect(['never', 'later', 'after']).toContain(entry.retry);
    // A pipe would break the page's table, a full stop the sentence that messages make of it.
    expect(entry.title).toMatch(/^[A-Z][^|\n]+[^.|\n]$/);
  });

  it('has no two errors with one title', () => {
    const titles = entries.map(([, { title }]) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
