import type { Command } from 'commander';

import type { BaselineChange, BaselineRecord } from '../../client/baselines.js';
import { count, counted } from '../../core/report/figures.js';
import { shellWord, type Cli, type Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import { renderPairs, renderTable } from '../io/table.js';

/** `assay baseline …` */
export function registerBaseline(program: Command, registration: Registration): void {
  const group = program
    .command('baseline')
    .description('Keep the scores of runs, to compare later runs with')
    .addHelpText(
      'after',
      `
Examples:
  $ assay baseline save nightly-2026-11-21 --promote
  $ assay baseline list
  $ assay gate run --dataset support-tickets --target triage-v2`,
    );
  registerSave(group, registration);
  registerList(group, registration);
  registerShow(group, registration);
  registerPromote(group, registration);
  registerRejudge(group, registration);
  registerDelete(group, registration);
}

function registerSave(group: Command, { handle }: Registration): void {
  const command = group
    .command('save')
    .description('Keep the scores of a run that has ended, as they are now')
    .argument('<run>', 'the name of the run')
    .option('--name <name>', 'what the baseline is called (default: as the run)')
    .option('--promote', 'gates of its dataset take it from now on')
    .addHelpText(
      'after',
      `
Examples:
  $ assay baseline save nightly-2026-11-21 --promote
  $ assay baseline save triage-v2-release --name release-4`,
    );
  handle(command, async (cli) => {
    const { name, promote } = command.opts<{ name?: string; promote?: boolean }>();
    const run = { project: await cli.project(), name: command.args[0] ?? '' };
    const saved = await cli.withClient((client) =>
      client.baselines.save(run, {
        promote: promote === true,
        ...(name === undefined ? {} : { name }),
      }),
    );
    await tell(cli, saved);
  });
}

function registerList(group: Command, { handle }: Registration): void {
  const command = group
    .command('list')
    .description('List the baselines of the project; gates take the promoted one of their dataset')
    .option('--dataset <name>', 'only of this dataset')
    .addHelpText(
      'after',
      `
Examples:
  $ assay baseline list
  $ assay baseline list --json | jq -r '.baselines[] | select(.promoted).name'`,
    );
  handle(command, async (cli) => {
    const project = await cli.project();
    const { dataset } = command.opts<{ dataset?: string }>();
    const baselines = await cli.withClient((client) =>
      client.baselines.list({ project, ...(dataset === undefined ? {} : { dataset }) }),
    );
    if (cli.json) await cli.out.line(jsonText({ baselines }));
    else if (baselines.length > 0) await cli.out.line(listText(baselines, cli.out));
    else await cli.err.line(`No baselines in ${project}: save one with \`assay baseline save\`.`);
  });
}

function registerShow(group: Command, { handle }: Registration): void {
  const command = group
    .command('show')
    .description('Show what a baseline holds, and why it is stale')
    .argument('<name>', 'the name of the baseline')
    .addHelpText('after', '\nExample:\n  $ assay baseline show release-4');
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    const baseline = await cli.withClient((client) => client.baselines.get(key));
    await cli.out.line(cli.json ? jsonText(baseline) : showText(baseline, cli.out));
  });
}

function registerPromote(group: Command, { handle }: Registration): void {
  const command = group
    .command('promote')
    .description('Have gates of its dataset take it from now on')
    .argument('<name>', 'the name of the baseline')
    .addHelpText('after', '\nExample:\n  $ assay baseline promote release-4');
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    await tell(cli, await cli.withClient((client) => client.baselines.promote(key)));
  });
}

function registerRejudge(group: Command, { handle }: Registration): void {
  const command = group
    .command('rejudge')
    .description('Renew a stale baseline: judge its stored outputs with the evaluators of today')
    .argument('<name>', 'the name of the baseline')
    .addHelpText(
      'after',
      `
Example:
  $ assay baseline rejudge release-4

No target is called. Its run is judged again as well, and its report is made anew. A baseline of another dataset than today's
cannot be renewed so: its outputs are answers to the old items.`,
    );
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    await tell(cli, await cli.withClient((client) => client.baselines.rejudge(key)));
  });
}

function registerDelete(group: Command, { handle }: Registration): void {
  const command = group
    .command('delete')
    .description('Forget a baseline and its scores; its run and the verdicts against it stay')
    .argument('<name>', 'the name of the baseline')
    .addHelpText(
      'after',
      `
Example:
  $ assay baseline delete release-3

One that is promoted, or that a gate runs against, is refused.`,
    );
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    const deleted = await cli.withClient((client) => client.baselines.delete(key));
    if (cli.json) await cli.out.line(jsonText(deleted));
    else await cli.out.line(`${cli.out.colours.bold(cli.out.safe(deleted.name))} deleted`);
  });
}

const done = {
  saved: 'saved',
  promoted: 'promoted: gates of its dataset take it from now on',
  renewed: 'renewed with the evaluators of today',
  unchanged: 'is so already',
  deleted: 'deleted',
} as const;

async function tell(cli: Cli, change: BaselineChange): Promise<void> {
  if (cli.json) {
    await cli.out.line(jsonText(change));
    return;
  }
  const { out } = cli;
  const cells = `${counted(change.cells, 'cell')}, version ${change.version}`;
  await out.line(`${out.colours.bold(out.safe(change.name))} ${done[change.outcome]} (${cells})`);
  const show = cli.hint(`baseline show ${shellWord(change.name)}`);
  await cli.err.line(cli.err.colours.dim(cli.err.safe(`See: ${show}`)));
}

function listText(baselines: readonly BaselineRecord[], { safe }: Sink): string {
  return renderTable(
    [
      { heading: 'Name' },
      { heading: 'Dataset' },
      { heading: 'Promoted' },
      { heading: 'Stale' },
      { heading: 'Target' },
      { heading: 'Cells', align: 'right' },
      { heading: 'Saved' },
    ],
    baselines.map((each) => [
      safe(each.name),
      safe(each.dataset),
      each.promoted ? 'yes' : '',
      each.stale.length > 0 ? safe(each.stale.map(({ at }) => at).join(', ')) : '',
      safe(each.manifest.target.name),
      count(each.cells),
      each.createdAt.slice(0, 19).replace('T', ' '),
    ]),
  );
}

function showText(baseline: BaselineRecord, { safe, colours }: Sink): string {
  const { manifest, stale } = baseline;
  const pairs: (readonly [string, string])[] = [
    ['Baseline', safe(baseline.name)],
    ['Run', safe(baseline.run)],
    ['Dataset', `${safe(baseline.dataset)}, ${counted(manifest.dataset.items, 'item')}`],
    ['Target', safe(manifest.target.name)],
    ['Evaluators', safe(manifest.evaluators.map(({ name }) => name).join(', '))],
    ['Cells', count(baseline.cells)],
    [
      'Promoted',
      baseline.promotedAt === undefined || !baseline.promoted ? 'no' : baseline.promotedAt,
    ],
    ['Saved', baseline.createdAt],
    [
      'Version',
      `${baseline.version}${baseline.renewedAt === undefined ? '' : `, renewed ${baseline.renewedAt}`}`,
    ],
    ['Manifest', baseline.manifestHash],
  ];
  const reasons = stale.map(({ at, message }) => `  - ${safe(at)} ${safe(message)}`);
  const since = safe(baseline.staleAt ?? '');
  return [
    renderPairs(pairs),
    ...(reasons.length === 0
      ? []
      : ['', colours.yellow(`Stale, as a gate found ${since}:`), ...reasons]),
  ].join('\n');
}
