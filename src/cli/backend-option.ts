import { Option, type Command } from 'commander';

import { backendSchema, platformNameSchema } from '../contracts/backend.js';

/** Adds `--backend` to a command that writes. */
export const withBackendOption = (command: Command): Command =>
  command.addOption(
    new Option(
      '--backend <which>',
      'where it is published (default: platform.backend of the config, else langfuse)',
    ).choices(backendSchema.options),
  );

/** Adds `--backend` to a command that reads one platform. */
export const withPlatformOption = (command: Command, description: string): Command =>
  command.addOption(
    new Option('--backend <which>', description).choices(platformNameSchema.options),
  );
