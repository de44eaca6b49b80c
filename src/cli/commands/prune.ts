import type { Command } from 'commander';

import { AssayError } from '../../core/errors/assay-error.js';
import type { Cli, Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderTable } from '../io/table.js';
import { durationMs } from '../option-values.js';

interface PruneOptions {
  readonly olderThan: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Younger than this is hardly ever meant: `1s` typed for `1d` would take every run that has ended. */
const unaskedMs = 24 * 3_600_000;

/** `assay prune` */
export function registerPrune(program: Command, { handle }: Registration): void {
  const command = program
    .command('prune')
    .description('Free the space of old runs: inputs, outputs, calls and answers go, figures stay')
    .requiredOption('--older-than <time>', 'runs that ended so long ago, as 30d or 12h', durationMs)
    .option('--dry-run', 'list them and change nothing')
    .option('--yes', 'also runs that ended less than a day ago: what goes is gone for good')
    .addHelpText(
      'after',
      `
Examples:
  $ assay prune --older-than 30d --dry-run
  $ assay prune --older-than 30d
  $ assay prune --older-than 1h --yes

What stays: status, scores, usage, cost, times, the report. What a pruned run can no longer do: retry, re-judge, lend its
outputs to a run with --reuse, be repaired on the platform. \`assay doctor\` shows what the database takes.`,
    );
  handle(command, async (cli) => prune(cli, command.opts<PruneOptions>()));
}

async function prune(cli: Cli, { olderThan, dryRun, yes }: PruneOptions): Promise<void> {
  if (olderThan < unaskedMs && dryRun !== true && yes !== true) {
    throw new AssayError(
      'USAGE',
      '--older-than is less than a day, and what goes is gone for good.',
      {
        mend: 'See with --dry-run what would go; give --yes where it is meant.',
      },
    );
  }
  const project = await cli.project();
  const finishedBefore = new Date(Date.now() - olderThan).toISOString();
  const request = { project, finishedBefore };
  await cli.withClient(async ({ retention }) => {
    if (dryRun === true) {
      const runs = await retention.preview(request);
      if (cli.json) await cli.out.line(jsonText({ ...request, dryRun: true, runs }));
      else await listRuns(cli, runs);
      return;
    }
    const pruned = await retention.prune(request);
    if (cli.json) await cli.out.line(jsonText({ ...request, ...pruned }));
    else await cli.out.line(whatWent(pruned));
  });
}

async function listRuns(
  { out }: Cli,
  runs: readonly { readonly name: string; readonly finishedAt: string; readonly cells: number }[],
): Promise<void> {
  if (runs.length === 0) {
    await out.line('No run is that old, or all of them are pruned already.');
    return;
  }
  await out.line(
    renderTable(
      [{ heading: 'run' }, { heading: 'ended' }, { heading: 'cells', align: 'right' }],
      runs.map(({ name, finishedAt, cells }) => [out.safe(name), finishedAt, String(cells)]),
    ),
  );
  await out.line(`${runs.length} run${runs.length === 1 ? '' : 's'} would be pruned.`);
}

function whatWent({ runs, cells, bytes }: { runs: number; cells: number; bytes: number }): string {
  if (runs === 0) return 'No run is that old, or all of them are pruned already.';
  const mib = (bytes / 1024 / 1024).toFixed(1);
  return `Pruned ${runs} run${runs === 1 ? '' : 's'}, ${cells} cells: ${mib} MiB, free for new rows once Postgres has vacuumed.`;
}
