import { Option, type Command } from 'commander';

import type {
  MoveDirection,
  MovePart,
  MoveReport,
  PlatformMigrationInput,
} from '../../contracts/platform-migration.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { catalogueEntry } from '../../core/errors/catalogue.js';
import { moveDirections, moveParts } from '../../core/migration/parts.js';
import { moveReportMarkdown } from '../../core/migration/report-markdown.js';
import type { Cli, Registration } from '../cli.js';
import { listenForInterrupt } from '../interrupt.js';
import { errorLines } from '../errors/render-error.js';
import { jsonText } from '../io/json-text.js';
import { renderTable } from '../io/table.js';
import { moveLine } from '../migration/move-line.js';
import { moveReportText } from '../migration/report-text.js';
import { requireSameProject } from '../same-project.js';
import { progressLine, tellDetached } from '../migration/watch-move.js';

interface MoveOptions {
  readonly name?: string;
  readonly only?: readonly MovePart[];
  readonly dataset?: readonly string[];
  readonly prompt?: readonly string[];
  readonly experiment?: readonly string[];
  readonly fromProject?: readonly string[];
  readonly since?: string;
  readonly onConflict: 'skip' | 'overwrite';
  readonly dryRun?: boolean;
}

const descriptions: Readonly<Record<MoveDirection, string>> = {
  'langsmith-to-langfuse':
    'Datasets, prompts with their history, experiments, traces and feedback of a LangSmith workspace',
  'langfuse-to-langsmith': 'Datasets and prompts of a Langfuse project',
};

/** `assay migrate …` */
export function registerMigrate(program: Command, registration: Registration): void {
  const group = program
    .command('migrate')
    .description('Move what one platform holds to another, and compare both afterwards')
    .addHelpText(
      'after',
      `
Examples:
  $ assay migrate langsmith-to-langfuse --dry-run
  $ assay migrate langsmith-to-langfuse --only datasets,prompts
  $ assay migrate langsmith-to-langfuse --from-project live-traffic --since 2026-10-01T00:00:00Z --name live
  $ assay migrate status live
  $ assay migrate cancel live
  $ assay migrate report live

The worker needs the keys of both platforms. Ctrl-C only stops the watching; \`cancel\` ends the move. However it ended, the same
command goes on where it stands.`,
    );
  for (const direction of moveDirections) registerMove(group, registration, direction);
  registerReport(group, registration);
  registerCancel(group, registration);
  registerList(group, registration);
}

function registerMove(group: Command, { handle }: Registration, direction: MoveDirection): void {
  const command = group
    .command(direction)
    .description(descriptions[direction])
    .option('--dry-run', 'only look at what there is; nothing is written to the target')
    .option('--only <parts>', `some of ${moveParts.join(', ')}, with commas`, partsIn)
    .option('--dataset <name...>', 'only these datasets, and experiments over them')
    .option('--prompt <name...>', 'only these prompts');
  if (direction === 'langsmith-to-langfuse') {
    command
      .option('--experiment <name...>', 'only these experiments')
      .option('--from-project <name...>', 'only these tracing projects and experiments')
      .option('--since <time>', 'only traces that began then or later, as 2026-10-01T00:00:00Z');
  }
  command
    .addOption(
      new Option('--on-conflict <how>', 'what stands there with another content')
        .choices(['skip', 'overwrite'])
        .default('skip'),
    )
    .option('--name <name>', `of the move (default ${direction})`)
    .addHelpText(
      'after',
      `
Examples:
  $ assay migrate ${direction} --dry-run
  $ assay migrate ${direction} --only datasets --dataset support-tickets --name tickets
  $ assay migrate ${direction} --only prompts --prompt 'support-*' greeter --name prompts
  $ assay migrate ${direction} --on-conflict overwrite

Names may hold * for any text and ? for one character. A choice narrows its own part; what else is moved, --only says.
Ctrl-C stops watching, not the move. Exit codes: 0 all that was carried reads back equal, 6 it does not, or the move failed or was
cancelled.`,
    );
  handle(command, (cli) => move(cli, direction, command.opts<MoveOptions>()));
}

function partsIn(text: string): readonly MovePart[] {
  const given = text.split(',').map((part) => part.trim());
  const parts = moveParts.filter((part) => given.includes(part));
  const unknown = given.filter((part) => !moveParts.some((each) => each === part));
  if (unknown.length === 0) return parts;
  throw new AssayError('USAGE', `--only takes ${moveParts.join(', ')}, with commas.`);
}

async function move(
  cli: Cli,
  direction: MoveDirection,
  options: MoveOptions,
): Promise<number | undefined> {
  const project = await cli.project();
  const { dryRun = false, onConflict, only, dataset, prompt, experiment } = options;
  const { fromProject, since } = options;
  // A dry run is a move of its own: it must not stand in the way of the real one.
  const name = options.name ?? (dryRun ? `${direction}-dry-run` : direction);
  const request: PlatformMigrationInput = {
    project,
    name,
    direction,
    onConflict,
    dryRun,
    ...(only === undefined ? {} : { only: [...only] }),
    ...(dataset === undefined ? {} : { datasets: [...dataset] }),
    ...(prompt === undefined ? {} : { prompts: [...prompt] }),
    ...(experiment === undefined ? {} : { experiments: [...experiment] }),
    ...(fromProject === undefined ? {} : { projects: [...fromProject] }),
    ...(since === undefined ? {} : { since }),
  };
  const interrupt = listenForInterrupt();
  try {
    const { signal } = interrupt;
    const watched = { signal, onProgress: progressLine(cli) };
    const report = await cli.withClient(async (client) => {
      await requireSameProject(cli, client, { project, backend: 'both' });
      return client.migrations.run(request, watched);
    });
    return await show(cli, report);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    await tellDetached(cli, { project, name });
    return interrupt.exitCode;
  } finally {
    interrupt.dispose();
  }
}

async function show(
  cli: Cli,
  report: MoveReport,
  { markdown = false } = {},
): Promise<number | undefined> {
  const text = (): string =>
    markdown ? cli.out.safeText(moveReportMarkdown(report)) : moveReportText(report, cli.out);
  await cli.out.line(cli.json ? jsonText(report) : text());
  if (report.error !== undefined) throw AssayError.from(report.error);
  if (report.status === 'cancelled') return catalogueEntry('MIGRATION_CANCELLED').exit;
  return report.status === 'differs' ? catalogueEntry('MIGRATION_DIFFERS').exit : undefined;
}

function registerReport(group: Command, { handle }: Registration): void {
  for (const [verb, description] of [
    ['report', 'What a move came to: figures of both sides, what was left and why'],
    ['status', 'How far a move is'],
  ] as const) {
    const command = group
      .command(verb)
      .description(description)
      .argument('<name>', 'of the move')
      .addHelpText('after', `\nExamples:\n  $ assay migrate ${verb} langsmith-to-langfuse`);
    if (verb === 'report') command.option('--markdown', 'as Markdown, for a page or a ticket');
    handle(command, async (cli) => {
      const [name = ''] = command.args;
      const project = await cli.project();
      const report = await cli.withClient(({ migrations }) => migrations.report({ project, name }));
      if (verb === 'report') {
        const { markdown = false } = command.opts<{ readonly markdown?: boolean }>();
        return show(cli, report, { markdown });
      }
      if (cli.json) {
        await cli.out.line(jsonText(report));
        return undefined;
      }
      await cli.out.line(cli.out.safe(moveLine(report)));
      if (report.error !== undefined) {
        await cli.out.line(errorLines(report.error, cli.out).join('\n'));
      }
      return undefined;
    });
  }
}

function registerCancel(group: Command, { handle }: Registration): void {
  const command = group
    .command('cancel')
    .description(
      'End a move before its end: what was written stays, and the same command goes on with it',
    )
    .argument('<name>', 'of the move')
    .addHelpText('after', '\nExamples:\n  $ assay migrate cancel langsmith-to-langfuse');
  handle(command, async (cli) => {
    const [name = ''] = command.args;
    const project = await cli.project();
    const report = await cli.withClient(({ migrations }) => migrations.cancel({ project, name }));
    if (cli.json) {
      await cli.out.line(jsonText(report));
      return;
    }
    const { out } = cli;
    await out.line(out.safe(`${name}: ${moveLine(report)}`));
    // It may have come to its end in the same moment.
    if (report.status !== 'cancelled') return;
    await out.line('What was written stays. The same command goes on with it.');
  });
}

function registerList(group: Command, { handle }: Registration): void {
  const command = group
    .command('list')
    .description('The moves of the project, newest first')
    .addHelpText('after', '\nExamples:\n  $ assay migrate list');
  handle(command, async (cli) => {
    const project = await cli.project();
    const moves = await cli.withClient(({ migrations }) => migrations.list(project));
    if (cli.json) {
      const rows = moves.map(({ name, direction, status, createdAt, updatedAt }) => ({
        name,
        direction,
        status,
        createdAt,
        updatedAt,
      }));
      await cli.out.line(jsonText({ moves: rows }));
    } else if (moves.length === 0) {
      await cli.out.line('There is no move yet.');
    } else {
      await cli.out.line(
        renderTable(
          [
            { heading: 'move' },
            { heading: 'direction' },
            { heading: 'status' },
            { heading: 'began' },
          ],
          moves.map(({ name, direction, status, createdAt }) => [
            name,
            direction,
            status,
            createdAt,
          ]),
        ),
      );
    }
  });
}
