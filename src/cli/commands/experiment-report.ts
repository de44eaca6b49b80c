import { Option, type Command } from 'commander';
import { join, resolve } from 'node:path';

import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentKey } from '../../client/experiments.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { harmlessJson } from '../../core/text/escape/json.js';
import { terminalText } from '../../core/text/escape/terminal.js';
import type { Cli, Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { writeAll } from './experiment-results.js';

type Format = 'markdown' | 'html' | 'json' | 'junit' | 'csv';

interface ReportOptions {
  readonly format?: Format;
  readonly out?: string;
  readonly partial?: boolean;
}

/** Which report of which run. */
interface Wanted {
  readonly key: ExperimentKey;
  readonly partial: boolean;
}

const fileNames: Readonly<Record<Format, string>> = {
  markdown: 'report.md',
  html: 'report.html',
  json: 'report.json',
  junit: 'junit.xml',
  csv: 'results.csv',
};

/** `assay experiment report` */
export function registerExperimentReport(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('report')
    .description('Print the report of a run that has ended, or write its files')
    .argument('<name>', 'the name of the run')
    .addOption(
      new Option('--format <form>', 'default markdown; json with --json').choices(
        Object.keys(fileNames),
      ),
    )
    .option('--out <dir>', 'write files there: all of them, or the one of --format')
    .option('--partial', 'of a run that goes on: of the cells that have ended')
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment report nightly-2026-11-21 | less
  $ assay experiment report nightly-2026-11-21 --format html --out .
  $ assay experiment report nightly-2026-11-21 --format junit --out ci-results
  $ assay experiment report nightly-2026-11-21 --out results/nightly
  $ assay experiment report nightly-2026-11-21 --partial`,
    );
  handle(command, async (cli) => {
    const { format, out, partial = false } = command.opts<ReportOptions>();
    if (partial && out !== undefined && format === undefined) {
      throw new AssayError('USAGE', 'The files of a run are written when it has ended.', {
        mend: 'Say which one with --format, or leave --partial out.',
      });
    }
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    const wanted = { key, partial };
    await cli.withClient(async (client) => {
      if (out === undefined) {
        await writeAll(cli.out, pieces(client, wanted, format ?? (cli.json ? 'json' : 'markdown')));
        return;
      }
      await tellWritten(
        cli,
        await writeFiles(client, wanted, { format, out: resolve(cli.cwd, out) }),
      );
    });
  });
}

/** The report in one form, piece by piece. */
async function* pieces(
  client: AssayClient,
  { key, partial }: Wanted,
  format: Format,
): AsyncGenerator<string> {
  const options = { partial };
  const [{ readReport }, { csvLines, junitPieces }] = await Promise.all([
    import('../results/report-model.js'),
    import('../results/result-stream.js'),
  ]);
  switch (format) {
    case 'markdown':
      yield terminalText(await client.experiments.report(key, 'markdown', options));
      return;
    case 'html':
      yield await client.experiments.report(key, 'html', options);
      return;
    case 'json':
      yield harmlessJson(await client.experiments.report(key, 'json', options));
      return;
    case 'junit':
      yield* junitPieces(client, key, await readReport(client, key, options));
      return;
    case 'csv':
      yield* csvLines(client, { key }, await readReport(client, key, options));
  }
}

async function writeFiles(
  client: AssayClient,
  wanted: Wanted,
  { format, out }: { readonly format: Format | undefined; readonly out: string },
): Promise<readonly string[]> {
  if (format === undefined) {
    const [{ readReport }, { writeResultFiles }] = await Promise.all([
      import('../results/report-model.js'),
      import('../results/result-files.js'),
    ]);
    // Also says REPORT_NOT_READY where there is nothing to write.
    await readReport(client, wanted.key);
    return (await writeResultFiles(client, await client.experiments.get(wanted.key), out)).files;
  }
  const { withDrafts } = await import('../results/draft-file.js');
  const path = join(out, fileNames[format]);
  await withDrafts({ path }, async (drafts) => {
    for await (const piece of pieces(client, wanted, format)) await drafts.path.write(piece);
  });
  return [path];
}

async function tellWritten(cli: Cli, files: readonly string[]): Promise<void> {
  if (cli.json) {
    await cli.out.line(jsonText({ files }));
    return;
  }
  const { shortPath } = await import('../results/conclude.js');
  for (const file of files) await cli.out.line(shortPath(cli.cwd, file));
}
