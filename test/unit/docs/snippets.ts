import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A piece of TypeScript that readers will copy. */
export interface Snippet {
  /** Where it stands: `README.md:42`. */
  readonly at: string;
  readonly code: string;
}

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** The blocks of a page that are fenced as `ts`. */
function fencedSnippets(file: string, text: string): readonly Snippet[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => ({
    at: `${file}:${lineOf(text, match.index) + 1}`,
    code: match[1] ?? '',
  }));
}

/** The `@example` blocks of a source file. They stand beside what they show, so they import nothing of ours. */
function exampleSnippets(file: string, text: string): readonly Snippet[] {
  return [...text.matchAll(/^ *\* @example\n((?: *\*(?!\/)(?! @).*\n)+)/gm)].map((match) => ({
    at: `${file}:${lineOf(text, match.index) + 1}`,
    code: `import { AssayClient, AssayError, defineConfig } from 'assay';\n${(match[1] ?? '').replaceAll(/^ *\* ?/gm, '')}`,
  }));
}

/** Every snippet of the public documents. */
export async function publicSnippets(root: string): Promise<readonly Snippet[]> {
  const guides = (await readdir(join(root, 'docs', 'guides')))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/guides/${name}`);
  const sources = ['src/client/assay-client.ts', 'src/contracts/config.ts'];
  const read = (file: string): Promise<string> => readFile(join(root, file), 'utf8');
  const found = await Promise.all([
    ...['README.md', ...guides].map(async (file) => fencedSnippets(file, await read(file))),
    ...sources.map(async (file) => exampleSnippets(file, await read(file))),
  ]);
  return found.flat();
}
