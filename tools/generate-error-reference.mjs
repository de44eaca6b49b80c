// Writes docs/reference/errors.md from the catalogue of errors.
//   node tools/generate-error-reference.mjs [--check]
// With --check nothing is written: exit code 1 where the page is not what would be written.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const source = fileURLToPath(new URL('../src/core/errors/catalogue.ts', import.meta.url));
const page = new URL('../docs/reference/errors.md', import.meta.url);

const loadCatalogue = async () => {
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`;
  const { catalogue } = await import(url);
  return catalogue;
};

/** What an exit code means, in the order of the page. */
const exits = new Map([
  [2, 'Usage or configuration'],
  [3, 'Not found'],
  [4, 'Conflict'],
  [5, 'A dependency is unreachable or refuses'],
  [6, 'The run, or a cell of it, failed or ended incomplete'],
  [7, 'A limit was met'],
  [70, 'A defect of ours, or something that is settled inside'],
]);

const row = ([code, { status, exit, retry, title }]) =>
  `| \`${code}\` | ${title} | ${status} | ${exit} | ${retry} |`;

const section = (exit, entries) => [
  `## ${exits.get(exit)} (exit code ${exit})`,
  '',
  '| code | title | HTTP status | exit code | retry |',
  '| --- | --- | --- | --- | --- |',
  ...entries.map(row),
  '',
];

const render = (catalogue) => {
  const entries = Object.entries(catalogue);
  const unknown = entries.filter(([, { exit }]) => !exits.has(exit)).map(([code]) => code);
  if (unknown.length > 0) throw new Error(`Say what the exit code of ${unknown.join(', ')} means.`);
  const sections = [...exits.keys()].flatMap((exit) =>
    section(
      exit,
      entries.filter(([, entry]) => entry.exit === exit),
    ),
  );
  return `${[
    '# Errors',
    '',
    '<!-- Generated from src/core/errors/catalogue.ts by tools/generate-error-reference.mjs; do not edit. -->',
    '',
    'Every error has a code that never changes its meaning. Switch on it, never on the message. An error carries its problems',
    '(where, what, and how to mend it), a mend for the whole, and for `after` the shortest wait in milliseconds.',
    '',
    'The command line prints the code in brackets and, with `--json`, the error as a document on stdout; its exit code is below.',
    '0 is success, 130 an interrupt. As a Temporal failure the code is the type. A cell that failed has the error as data in',
    '`error` or in `evaluatorFailures`.',
    '',
    'Retry: `never`, the same call fails again; `later`, it can succeed when the world has changed; `after`, a wait is known.',
    'Temporal tries an activity that failed with `later` or `after` again by itself.',
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd()}\n`;
};

const text = render(await loadCatalogue());
if (!process.argv.includes('--check')) await writeFile(page, text);
else if ((await readFile(page, 'utf8').catch(() => '')) !== text) {
  console.error('docs/reference/errors.md is stale: run node tools/generate-error-reference.mjs');
  process.exitCode = 1;
}
