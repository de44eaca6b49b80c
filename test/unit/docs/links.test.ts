import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');

const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...(await readdir(join(root, 'docs'), { recursive: true }))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** Where a page's links into the repository lead. */
async function linksOf(page: string): Promise<readonly string[]> {
  const text = await readFile(join(root, page), 'utf8');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^(?:https?:|#)/.test(link))
    .map((link) => link.replace(/#.*$/, ''));
}

describe('the public documents', () => {
  it.each(pages)('%s links to files that exist', async (page) => {
    const broken = (await linksOf(page)).filter(
      (link) => !existsSync(join(root, dirname(page), link)),
    );
    expect(broken).toEqual([]);
  });

  it('list every decision in the index', async () => {
    const decisions = (await readdir(join(root, 'docs', 'adr'))).filter((name) =>
      /^\d{4}-/.test(name),
    );
    expect((await linksOf('docs/adr/README.md')).toSorted()).toEqual(decisions.toSorted());
  });
});
