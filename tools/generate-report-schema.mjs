// Writes docs/reference/report.schema.json, the JSON schema of report.json, from its zod schema.
//   node tools/generate-report-schema.mjs [--check]
// With --check nothing is written: exit code 1 where the file is not what would be written.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { format } from 'prettier';

const source = fileURLToPath(new URL('../src/contracts/report/json-schema.ts', import.meta.url));
const file = new URL('../docs/reference/report.schema.json', import.meta.url);

const loadSchema = async () => {
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`;
  const { reportJsonSchema } = await import(url);
  return reportJsonSchema();
};

const text = await format(JSON.stringify(await loadSchema()), { parser: 'json', printWidth: 100 });
if (!process.argv.includes('--check')) await writeFile(file, text);
else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
  console.error(
    'docs/reference/report.schema.json is stale: run node tools/generate-report-schema.mjs',
  );
  process.exitCode = 1;
}
