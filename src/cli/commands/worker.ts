import type { Command } from 'commander';

import type { WorkerRole } from '../../workers/worker.js';
import type { Cli, Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { listAmong, positiveNumber } from '../option-values.js';
import { prettyLogLine } from '../worker-log.js';

// Written out, since the module that holds them loads Temporal's native core; the type keeps them equal.
const roles = ['orchestration', 'cells', 'publishing'] as const satisfies readonly WorkerRole[];

interface WorkerOptions {
  readonly roles?: readonly WorkerRole[];
  readonly count: number;
  readonly healthFile?: string;
}

/** `assay worker` */
export function registerWorker(program: Command, { handle }: Registration): void {
  const command = program
    .command('worker')
    .description('Run worker processes for the project, started again when they crash')
    .option('--roles <list>', `with commas, of ${roles.join(', ')} (default all)`, listAmong(roles))
    .option('--count <n>', 'how many processes', positiveNumber, 1)
    .option(
      '--health-file <path>',
      'touched every 5 s while every process polls, for health checks',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ assay worker
  $ assay worker --roles cells --count 4
  $ assay worker --health-file /tmp/assay-healthy   # well while it is younger than 30 s

Needs the database schema of this version: \`assay db migrate\`. Logs go to stderr, as JSON where it is no terminal.
Ctrl-C (SIGTERM) starts nothing new and lets paid calls finish.`,
    );
  handle(command, (cli) => runWorkers(cli, command.opts<WorkerOptions>()));
}

async function runWorkers(cli: Cli, options: WorkerOptions): Promise<number> {
  const [
    { listenForInterrupt },
    { startWorkers },
    { effectiveEnvironment, isDevFolder },
    { parseConnections },
    { keepHealthFile },
  ] = await Promise.all([
    import('../../devstack/index.js'),
    import('./worker-processes.js'),
    import('../../client/connections.js'),
    import('../../contracts/environment.js'),
    import('../io/health-file.js'),
  ]);
  const environment = await effectiveEnvironment(cli.folder, cli.environment);
  // Before any process is started: these problems need no worker to be found.
  parseConnections(environment, { devFolder: await isDevFolder(cli.folder) });
  const { err } = cli;
  const tell = (line: string): void =>
    void err.line(err.isTerminal ? prettyLogLine(line, err) : line);
  const interrupt = listenForInterrupt();
  try {
    const workers = await startWorkers(
      {
        folder: cli.folder,
        count: options.count,
        environment,
        onLog: tell,
        onCrash: (crash) =>
          tell(JSON.stringify({ level: 50, time: Date.now(), ...crash, msg: 'worker crashed' })),
        ...(options.roles === undefined ? {} : { roles: options.roles }),
      },
      interrupt.signal,
    );
    const { project } = workers;
    const health =
      options.healthFile === undefined
        ? undefined
        : await keepHealthFile(options.healthFile, () => workers.allReady());
    if (cli.json) await cli.out.line(jsonText({ ready: true, project, count: options.count }));
    await interrupt.arrived;
    await health?.stop();
    await workers.stop();
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return 0;
    throw error;
  } finally {
    interrupt.dispose();
  }
}
