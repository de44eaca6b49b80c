import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';

/** What is loaded before a command line is read: modules of ours by static imports that are left at run time, and packages. */
async function loadedBy(entry: URL): Promise<{ files: Set<string>; packages: Set<string> }> {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [entry];
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    if (files.has(url.href)) continue;
    files.add(url.href);
    const text = await readFile(fileURLToPath(url), 'utf8');
    const imports = text.matchAll(/^(?:import|export) (?!type )(?:[^;'"]*? from )?'([^']+)';/gms);
    for (const [, path = ''] of imports) {
      if (path.startsWith('.')) waiting.push(new URL(path.replace(/\.js$/, '.ts'), url));
      else if (!path.startsWith('node:')) packages.add(path);
    }
  }
  return { files, packages };
}

describe('the command line', () => {
  it('loads parsers, databases and clients only with the command that needs them', async () => {
    const { files, packages } = await loadedBy(
      new URL('../../../src/cli/main.ts', import.meta.url),
    );
    expect(files.size).toBeGreaterThan(50);
    // Each of these takes longer than `--help` with all the rest; one that is new here is a decision.
    expect([...packages].sort()).toEqual(['cli-table3', 'commander', 'picocolors']);
  });
});
