import { Option, type Command } from 'commander';

import type { Backend, PlatformName } from '../contracts/backend.js';
import { backends, platformNames, platforms } from '../core/platforms/backend.js';
import type { Cli } from './cli.js';

/** Of commands that read: what the config says is known only where it was executed in this folder. */
const readingDefault = 'default: platform.backend of the config, else the first with keys';

/** Of commands that write, their worker has the config. */
const writing = {
  publish: 'where it is published',
  push: 'which platforms it is pushed to',
  label: 'on which platforms',
} as const;

/** Adds `--backend` to a command that writes. */
export const withBackendOption = (
  command: Command,
  what: keyof typeof writing = 'publish',
): Command => withBackends(command, `${writing[what]} (default: platform.backend of the config)`);

const withBackends = (command: Command, description: string): Command =>
  command.addOption(new Option('--backend <which>', description).choices(backends));

/** Adds `--backend` to a command that compares with platforms or lists them. */
export const withReadBackendOption = (command: Command): Command =>
  withBackends(command, `of which platforms (${readingDefault})`);

/** Adds `--backend` to a command that reads one platform. */
export const withPlatformOption = (
  command: Command,
  description = `from which platform (${readingDefault})`,
): Command => command.addOption(new Option('--backend <which>', description).choices(platforms));

/** Which platforms are read: what was given, else what the config said when it was last executed; else nobody knows. */
export async function readBackend(
  { folder }: Pick<Cli, 'folder'>,
  given: Backend | undefined,
): Promise<Backend | undefined> {
  if (given !== undefined) return given;
  const { knownBackend } = await import('./settings.js');
  return knownBackend(folder);
}

/** As {@link readBackend}, for what has one source: of both, the first. */
export async function readPlatform(
  cli: Pick<Cli, 'folder'>,
  given: PlatformName | undefined,
): Promise<PlatformName | undefined> {
  const backend = await readBackend(cli, given);
  return backend === undefined ? undefined : platformNames(backend)[0];
}
