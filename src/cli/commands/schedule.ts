import type { Command } from 'commander';

import type { ScheduleKey, ScheduleView } from '../../client/schedules.js';
import type { AssayClient } from '../../client/assay-client.js';
import { duration } from '../../core/report/figures.js';
import { shellWord, type Cli, type Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import { renderTable } from '../io/table.js';
import { durationMs, pauseReason } from '../option-values.js';
import { specOf } from './experiment-run.js';
import {
  baseOf,
  settingsOf,
  withBaseOptions,
  withPolicyOptions,
  withRunOptions,
  type GateRunOptions,
} from './gate-options.js';

/** `assay schedule …` */
export function registerSchedule(program: Command, registration: Registration): void {
  const group = program
    .command('schedule')
    .description('Gate a target by the clock, such as every night')
    .addHelpText(
      'after',
      `
Examples:
  $ assay schedule create nightly --cron "30 2 * * *" --timezone Europe/Berlin --dataset support-tickets --target triage-v2
  $ assay schedule list
  $ assay schedule backfill nightly --from 2026-11-18T00:00:00Z --to 2026-11-21T00:00:00Z`,
    );
  registerCreate(group, registration);
  registerList(group, registration);
  registerPause(group, registration);
  simple(group, registration, {
    verb: 'resume',
    description: 'Let a paused job run again',
    work: ({ schedules }, key) => schedules.resume(key),
  });
  simple(group, registration, {
    verb: 'trigger',
    description: 'Run a job now, as one more time of it',
    work: ({ schedules }, key) => schedules.trigger(key),
  });
  registerBackfill(group, registration);
  simple(group, registration, {
    verb: 'delete',
    description: 'Remove a job; what it has started goes on',
    work: ({ schedules }, key) => schedules.delete(key),
  });
}

type CreateOptions = GateRunOptions & {
  readonly cron: string;
  readonly timezone?: string;
  readonly catchup?: number;
  readonly note?: string;
  readonly check: boolean;
};

function registerCreate(group: Command, { handle }: Registration): void {
  const command = withPolicyOptions(
    withBaseOptions(
      withRunOptions(
        group
          .command('create')
          .description('Make the schedule of a job, or replace it')
          .argument('<job>', 'its name; its gates are called <job>-<yyyymmdd>-<hhmmss>')
          .requiredOption('--cron <expression>', 'minute hour day month weekday, or @daily, …')
          .option('--timezone <name>', 'of the expression, as Europe/Berlin (default UTC)')
          .option(
            '--catchup <time>',
            'make up for what was missed, as 12h (default 1d)',
            durationMs,
          )
          .option('--no-check', 'make it without asking a worker whether what it names is there')
          .option('--note <text>', 'shown in the Temporal UI'),
        { usualPriority: 'bulk' },
      ),
    ).option('--base-target <name>', 'run this target as well, and compare with it'),
  ).addHelpText(
    'after',
    `
Examples:
  $ assay schedule create nightly --cron "30 2 * * *" --dataset support-tickets --target triage-v2
  $ assay schedule create weekly --cron "0 6 * * mon" --timezone America/New_York --dataset support-tickets \\
      --target triage-v2 --base-target triage-v1 --repetitions 3 --backend both

What is missed while Temporal is away is made up for, one after the other; the same time is never run twice.`,
  );
  handle(command, async (cli) => {
    const options = command.opts<CreateOptions>();
    const job = command.args[0] ?? '';
    const { project, name: _name, ...head } = specOf(await cli.project(), options);
    const { cron, timezone, catchup, note, check } = options;
    const outcome = await cli.withClient((client) =>
      client.schedules.put(
        {
          project,
          job,
          cron,
          ...(timezone === undefined ? {} : { timezone }),
          ...(catchup === undefined ? {} : { catchupMs: catchup }),
          ...(note === undefined ? {} : { note }),
          work: { kind: 'gate', head, base: baseOf(options), settings: settingsOf(options) },
        },
        { check },
      ),
    );
    if (cli.json) await cli.out.line(jsonText({ project, job, outcome }));
    else {
      await cli.out.line(`${cli.out.colours.bold(cli.out.safe(job))} ${outcome}`);
      const hint = cli.hint(`schedule trigger ${shellWord(job)}`);
      await cli.err.line(cli.err.colours.dim(cli.err.safe(`Try it now: ${hint}`)));
    }
  });
}

function registerList(group: Command, { handle }: Registration): void {
  const command = group
    .command('list')
    .description('List the jobs of the project')
    .addHelpText('after', '\nExample:\n  $ assay schedule list');
  handle(command, async (cli) => {
    const project = await cli.project();
    const schedules = await cli.withClient((client) => client.schedules.list(project));
    if (cli.json) await cli.out.line(jsonText({ schedules }));
    else if (schedules.length === 0) await cli.err.line(`No schedules in ${project}.`);
    else await cli.out.line(listText(schedules, cli.out));
  });
}

function registerPause(group: Command, { handle }: Registration): void {
  const command = group
    .command('pause')
    .description('Start a job no more until it is resumed')
    .argument('<job>', 'the name of the job')
    .option('--reason <text>', 'shown in the Temporal UI', pauseReason)
    .addHelpText(
      'after',
      '\nExample:\n  $ assay schedule pause nightly --reason "no budget this week"',
    );
  handle(command, async (cli) => {
    const key = await keyOf(cli, command);
    const { reason } = command.opts<{ reason?: string }>();
    await cli.withClient((client) => client.schedules.pause(key, reason));
    await tell(cli, key, 'pause');
  });
}

function registerBackfill(group: Command, { handle }: Registration): void {
  const command = group
    .command('backfill')
    .description('Run a job for each of its times in a range, one after the other')
    .argument('<job>', 'the name of the job')
    .requiredOption('--from <moment>', 'ISO 8601, as 2026-11-18T00:00:00Z')
    .requiredOption('--to <moment>', 'ISO 8601')
    .addHelpText(
      'after',
      `
Example:
  $ assay schedule backfill nightly --from 2026-11-18T00:00:00Z --to 2026-11-21T00:00:00Z

Times that have a verdict are not run again.`,
    );
  handle(command, async (cli) => {
    const key = await keyOf(cli, command);
    const range = command.opts<{ from: string; to: string }>();
    await cli.withClient((client) => client.schedules.backfill(key, range));
    await tell(cli, key, 'backfill');
  });
}

function simple(
  group: Command,
  { handle }: Registration,
  what: {
    readonly verb: 'resume' | 'trigger' | 'delete';
    readonly description: string;
    readonly work: (client: AssayClient, key: ScheduleKey) => Promise<void>;
  },
): void {
  const command = group
    .command(what.verb)
    .description(what.description)
    .argument('<job>', 'the name of the job')
    .addHelpText('after', `\nExample:\n  $ assay schedule ${what.verb} nightly`);
  handle(command, async (cli) => {
    const key = await keyOf(cli, command);
    await cli.withClient((client) => what.work(client, key));
    await tell(cli, key, what.verb);
  });
}

const keyOf = async (cli: Cli, command: Command): Promise<ScheduleKey> => ({
  project: await cli.project(),
  job: command.args[0] ?? '',
});

const done = {
  pause: 'paused',
  resume: 'resumed',
  trigger: 'triggered; see `assay gate list`',
  backfill: 'is being filled in; see `assay gate list`',
  delete: 'deleted',
} as const;

async function tell(cli: Cli, key: ScheduleKey, verb: keyof typeof done): Promise<void> {
  if (cli.json) await cli.out.line(jsonText({ ...key, outcome: verb }));
  else await cli.out.line(`${cli.out.colours.bold(cli.out.safe(key.job))} ${done[verb]}`);
}

function listText(schedules: readonly ScheduleView[], { safe }: Sink): string {
  return renderTable(
    [
      { heading: 'Job' },
      { heading: 'When' },
      { heading: 'Does' },
      { heading: 'State' },
      { heading: 'Last' },
      { heading: 'Next' },
      { heading: 'Catch up', align: 'right' },
      { heading: 'Missed', align: 'right' },
    ],
    schedules.map((each) => [
      safe(each.job),
      safe(`${each.cron} ${each.timezone}`),
      safe(`${each.work.kind} of ${each.work.head.target} over ${each.work.head.dataset.name}`),
      each.paused ? safe(`paused: ${each.note ?? ''}`) : 'active',
      safe(lastText(each.last)),
      momentText(each.next[0] ?? '—'),
      duration(each.catchupMs),
      String(each.missed),
    ]),
  );
}

const momentText = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

/** When the last start was meant for, and what it came to: the verdict, or why there is none. */
function lastText(last: ScheduleView['last']): string {
  if (last === undefined) return '—';
  const { state, verdict, error, scheduledFor } = last;
  return `${momentText(scheduledFor)} ${verdict ?? (error === undefined ? state : `${state}: ${error.code}`)}`;
}
