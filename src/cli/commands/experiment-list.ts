import type { Command } from 'commander';

import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentView } from '../../client/experiment-view.js';
import type { ExperimentStatus } from '../../contracts/records.js';
import { workMs } from '../../core/experiment/work-time.js';
import { count, duration } from '../../core/report/figures.js';
import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import { renderTable } from '../io/table.js';
import { listAmong, positiveNumber } from '../option-values.js';
import { doneCells, failedCells } from '../progress/progress-text.js';
import { datasetText } from '../progress/sample-line.js';

const statuses: readonly ExperimentStatus[] = [
  'planning',
  'running',
  'paused',
  'publishing',
  'verifying',
  'completed',
  'completed_unverified',
  'cancelled',
  'failed',
];

interface ListOptions {
  readonly status?: readonly ExperimentStatus[];
  readonly limit: number;
}

/** `assay experiment list` */
export function registerExperimentList(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('list')
    .description('List the runs of the project, the newest first')
    .option('--status <list>', `with commas, of ${statuses.join(', ')}`, listAmong(statuses))
    .option('--limit <n>', 'at most so many', positiveNumber, 20)
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment list
  $ assay experiment list --status running,publishing --limit 5
  $ assay experiment list --json | jq -r '.experiments[].name'`,
    );
  handle(command, async (cli) => {
    const project = await cli.project();
    const { status, limit } = command.opts<ListOptions>();
    const { experiments, more } = await cli.withClient((client) =>
      newest(client, { project, limit, ...(status === undefined ? {} : { status }) }),
    );
    if (cli.json) await cli.out.line(jsonText({ experiments, more }));
    else if (experiments.length > 0) {
      await cli.out.line(listText(experiments, cli.out));
      if (more) await cli.err.line(cli.err.colours.dim(moreText(experiments.length)));
    } else
      await cli.err.line(`No runs${status === undefined ? '' : ' of this status'} in ${project}.`);
  });
}

/** Pages are bounded by the store; a limit beyond one page takes several. */
export async function newest(
  client: Pick<AssayClient, 'experiments'>,
  query: {
    readonly project: string;
    readonly limit: number;
    readonly status?: readonly ExperimentStatus[];
  },
): Promise<{ readonly experiments: readonly ExperimentView[]; readonly more: boolean }> {
  const found: ExperimentView[] = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(query.limit - found.length, 100);
    const page = await client.experiments.list({
      ...query,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.experiments);
    cursor = page.nextCursor;
  } while (cursor !== undefined && found.length < query.limit);
  return { experiments: found, more: cursor !== undefined };
}

/** A list that ends at its limit must not be taken for all there is. */
export const moreText = (shown: number): string =>
  `The newest ${count(shown)}; there are more: give --limit ${count(shown * 5)}, or --status.`;

function listText(experiments: readonly ExperimentView[], sink: Sink): string {
  return renderTable(
    [
      { heading: 'Name' },
      { heading: 'Status' },
      { heading: 'Target' },
      { heading: 'Dataset' },
      { heading: 'Cells', align: 'right' },
      { heading: 'Errors', align: 'right' },
      { heading: 'Created' },
      { heading: 'Took', align: 'right' },
    ],
    experiments.map((view) => [
      sink.safe(view.name),
      view.status,
      sink.safe(view.target),
      sink.safe(datasetText(view)),
      `${count(doneCells(view.counts))}/${count(view.counts.planned)}`,
      count(failedCells(view.counts)),
      view.createdAt.slice(0, 19).replace('T', ' '),
      tookOf(view),
    ]),
  );
}

function tookOf({ createdAt, startedAt, finishedAt, passes }: ExperimentView): string {
  if (finishedAt === undefined) return '—';
  return duration(workMs({ startedAt: startedAt ?? createdAt, endedAt: finishedAt, passes }));
}
