import type { Command } from 'commander';
import { resolve } from 'node:path';

import type { AssayClient } from '../client/assay-client.js';
import { createSink, type Sink, type SinkStream } from './io/sink.js';
import { ownCall } from './own-call.js';

export { shellWord } from './own-call.js';

/** What the process gives to the CLI. */
export interface CliProcess {
  readonly stdout: SinkStream;
  readonly stderr: SinkStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** The options that every command has. */
export interface GlobalOptions {
  readonly projectDir?: string;
  readonly project?: string;
  readonly json?: boolean;
  readonly color: boolean;
}

/** What a command works with. */
export interface Cli {
  /** Results. */
  readonly out: Sink;
  /** Progress, notes and errors. */
  readonly err: Sink;
  /** Whether stdout is for machines: one JSON document, or one a line for what streams. */
  readonly json: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The folder of the project: `-C`, else the current one. */
  readonly folder: string;
  /** A command of ours as people can copy it: for this folder and project, and the way this one was started. */
  hint(words: string): string;
  /** @throws AssayError USAGE where nothing says which it is. */
  project(): Promise<string>;
  /** Opens a client for the work and closes it afterwards. */
  withClient<T>(work: (client: AssayClient) => Promise<T>): Promise<T>;
}

/** The work of one command. Returns the exit code; nothing means 0. */
export type CommandWork = (
  cli: Cli,
  command: Command,
) => Promise<number | undefined> | Promise<void>;

/** What a command's registration needs. */
export interface Registration {
  /** Gives a command its work. */
  readonly handle: (command: Command, work: CommandWork) => void;
}

/** Makes what a command works with from its global options. */
export function createCli(from: CliProcess, options: GlobalOptions): Cli {
  const { environment, cwd } = from;
  const call = ownCall(environment, options);
  const settings = { colour: options.color, environment, call };
  const folder = resolve(cwd, options.projectDir ?? '.');
  return {
    out: createSink(from.stdout, settings),
    err: createSink(from.stderr, settings),
    json: options.json === true,
    environment,
    cwd,
    folder,
    hint: (words) => `${call} ${words}`,
    async project() {
      // Loaded here, with the schemas that it checks with.
      const { resolveProject } = await import('./settings.js');
      return resolveProject({ option: options.project, environment, folder });
    },
    async withClient(work) {
      // Loaded here, since Temporal's client alone takes longer than `--help`.
      const { AssayClient: Client } = await import('../client/assay-client.js');
      const client = await Client.connect({ folder, environment });
      try {
        return await work(client);
      } finally {
        await client.close();
      }
    },
  };
}
