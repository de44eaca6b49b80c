import { Option, type Command } from 'commander';

import { withBackendOption, withPlatformOption, withReadBackendOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { driftExit } from '../drift.js';
import type { CheckCommand } from '../datasets/check.js';
import type { DiffCommand } from '../datasets/diff.js';
import type { PullCommand } from '../datasets/pull.js';
import type { PushCommand } from '../datasets/push-command.js';
import type { ShowCommand } from '../datasets/show.js';
import { durationMs, versionMoment, wholeNumber } from '../option-values.js';

/** `assay datasets …`. What reads files is loaded when it is run: parsers take longer than `--help`. */
export function registerDatasets(program: Command, registration: Registration): void {
  const group = program
    .command('datasets')
    .description('Keep datasets in git and on the platforms in step')
    .addHelpText(
      'after',
      `
Examples:
  $ assay datasets push support-tickets
  $ assay datasets diff support-tickets        # exit code 12 where they differ
  $ assay datasets pull support-tickets --version 2026-11-21T12:00:00Z
  $ assay datasets check --all                 # the files alone, as a check of a pull request
  $ assay datasets list`,
    );
  registerPush(group, registration);
  registerPull(group, registration);
  registerList(group, registration);
  registerShow(group, registration);
  registerDiff(group, registration);
  registerCheck(group, registration);
}

function registerPush(group: Command, { handle }: Registration): void {
  const command = withBackendOption(group.command('push'), 'push')
    .description(
      'Bring a dataset from its files to the platforms; only what is new or changed is written',
    )
    .argument('[name]', 'the folder of the dataset')
    .option('--all', 'all of the folder but labelled sets, one after the other')
    .option('--dry-run', 'check the files and say what would be written; needs no worker')
    .option('--archive-removed', 'archive items there that the files do not have any more')
    .option('--wait <time>', 'how long a platform may be away (default 10m)', durationMs)
    .addHelpText(
      'after',
      `
Examples:
  $ assay datasets push support-tickets
  $ assay datasets push support-tickets --backend both --archive-removed
  $ assay datasets push --all --dry-run

All items are checked first, by schema.json as well where the folder has one; nothing is written before. It is a workflow: it
goes on whatever becomes of this command. It prints the version: the moment from which on the dataset stands there as it is now.`,
    );
  handle(command, async (cli) => {
    const { pushAll } = await import('../datasets/push.js');
    return pushAll(cli, command.args[0], command.opts<PushCommand>());
  });
}

function registerPull(group: Command, { handle }: Registration): void {
  const command = withPlatformOption(group.command('pull'))
    .description('Write datasets of a platform into their files')
    .argument('[names...]', 'their names on the platform')
    .option('--all', 'all of the platform')
    .option('--version <moment>', 'as it stood then, ISO 8601 (default: now)', versionMoment)
    .addOption(
      new Option('--format <form>', 'default: that of the files that are there, else json').choices(
        ['json', 'jsonl', 'csv'],
      ),
    )
    .option('--as <folder>', 'into this folder (default: its name)')
    .option('--force', 'also over changes of the files that were never pushed')
    .addHelpText(
      'after',
      `
Examples:
  $ assay datasets pull support-tickets
  $ assay datasets pull support-tickets --version 2026-11-21T12:00:00Z --format jsonl
  $ assay datasets pull --all

Files take their places once they are whole. The order of the files stays; new items follow by their ids.`,
    );
  handle(command, async (cli) => {
    const { pull } = await import('../datasets/pull.js');
    await pull(cli, command.args, command.opts<PullCommand>());
  });
}

function registerList(group: Command, { handle }: Registration): void {
  const command = withReadBackendOption(group.command('list'))
    .description('List the datasets that are in files and on the platforms')
    .addHelpText('after', '\nExample:\n  $ assay datasets list --backend both');
  handle(command, async (cli) => {
    const { list } = await import('../datasets/list.js');
    await list(cli, command.opts<DiffCommand>());
  });
}

function registerShow(group: Command, { handle }: Registration): void {
  const command = withReadBackendOption(group.command('show'))
    .description('Show a dataset: its files, splits and schema, and what the platforms have of it')
    .argument('<name>', 'the name of the dataset')
    .option('--version <moment>', 'as it stood there then, ISO 8601 (default: now)', versionMoment)
    .option('--items <n>', 'how many items (default 3)', wholeNumber)
    .option(
      '--pushes <n>',
      'how many of the last pushes, with their versions (default 5)',
      wholeNumber,
    )
    .addHelpText('after', '\nExample:\n  $ assay datasets show support-tickets --json');
  handle(command, async (cli) => {
    const { show } = await import('../datasets/show.js');
    await show(cli, command.args[0] ?? '', command.opts<ShowCommand>());
  });
}

function registerDiff(group: Command, { handle }: Registration): void {
  const command = withReadBackendOption(group.command('diff'))
    .description('Show where the files of a dataset and the platforms differ')
    .argument('<name>', 'the folder of the dataset')
    .option('--version <moment>', 'as it stood there then, ISO 8601 (default: now)', versionMoment)
    .option('--full', 'the values that differ as well')
    .addHelpText(
      'after',
      `
Examples:
  $ assay datasets diff support-tickets
  $ assay datasets diff support-tickets --full
  $ assay datasets diff support-tickets --backend both --json

It needs no worker. "+" is only in the files, "-" only there, "~" differs in the fields that are named; with --full "-" is the value
there, "+" that of the files. --json has the values always; long ones are cut.

Exit codes: 0 in step, ${driftExit} they differ, and those of errors.`,
    );
  handle(command, async (cli) => {
    const { diff } = await import('../datasets/diff.js');
    return diff(cli, command.args[0] ?? '', command.opts<DiffCommand>());
  });
}

function registerCheck(group: Command, { handle }: Registration): void {
  const command = group
    .command('check')
    .description('Check the files of datasets: form, ids, what is expected, and schema.json')
    .argument('[name]', 'the folder of the dataset')
    .option('--all', 'all of the folder')
    .addHelpText(
      'after',
      `
Examples:
  $ assay datasets check support-tickets
  $ assay datasets check --all --json

It reads the files and nothing else: no stack, no keys. Exit codes: 0 all is well, else that of the first error.`,
    );
  handle(command, async (cli) => {
    const { check } = await import('../datasets/check.js');
    return check(cli, command.args[0], command.opts<CheckCommand>());
  });
}
