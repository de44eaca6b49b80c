import { Option, type Command } from 'commander';

import type { CellStatus } from '../../contracts/records.js';
import type { Registration } from '../cli.js';
import type { Sink } from '../io/sink.js';
import { listAmong } from '../option-values.js';

const statuses: readonly CellStatus[] = ['ok', 'target_error', 'evaluator_error', 'skipped'];

interface ResultsOptions {
  readonly status?: readonly CellStatus[];
  readonly format?: 'table' | 'jsonl' | 'csv';
}

/** `assay experiment results` */
export function registerExperimentResults(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('results')
    .description('Print the cells that have ended, while the run goes on as well')
    .argument('<name>', 'the name of the run')
    .option('--status <list>', `with commas, of ${statuses.join(', ')}`, listAmong(statuses))
    .addOption(
      new Option('--format <form>', 'default table; jsonl with --json').choices([
        'table',
        'jsonl',
        'csv',
      ]),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment results nightly-2026-11-21
  $ assay experiment results nightly-2026-11-21 --status target_error,evaluator_error
  $ assay experiment results nightly-2026-11-21 --format jsonl | jq -c '[.itemId, .output]'`,
    );
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    const { status, format = cli.json ? 'jsonl' : 'table' } = command.opts<ResultsOptions>();
    const [{ findReport }, { printResultTable }, { cellsOf, csvLines, jsonLines }] =
      await Promise.all([
        import('../results/report-model.js'),
        import('../results/result-rows.js'),
        import('../results/result-stream.js'),
      ]);
    const query = { key, ...(status === undefined ? {} : { status }) };
    await cli.withClient(async (client) => {
      if (format === 'jsonl') {
        await writeAll(cli.out, jsonLines(client, query));
      } else if (format === 'csv') {
        const model = await findReport(client, key, { partial: true });
        await writeAll(cli.out, csvLines(client, query, model));
      } else if ((await printResultTable(cellsOf(client, query), cli.out)) === 0) {
        await cli.err.line('No cells (yet).');
      }
    });
  });
}

/** Writes piece by piece, at the reader's pace, until its end or the reader's. */
export async function writeAll(sink: Sink, pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) if (!(await sink.write(piece))) return;
}
