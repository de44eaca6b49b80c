import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { plainIssues } from '../contracts/schema-problems.js';
import { backendSchema, type Backend } from '../contracts/backend.js';
import { projectIdSchema } from '../contracts/names.js';
import { AssayError } from '../core/errors/assay-error.js';

const settingsSchema = z.looseObject({
  project: projectIdSchema,
  /** Where the config has them; commands that read files must not execute it to know. */
  datasetsFolder: z.string().optional(),
  /** `platform.backend` of the config, for commands that read platforms. */
  backend: backendSchema.optional().catch(undefined),
  /** The names in the config's `models`, for commands that check prompts. */
  models: z.array(z.string()).optional().catch(undefined),
});

const settingsFile = (folder: string): string => join(folder, '.assay', 'settings.json');

/** Makes `.assay`: readable by its owner only, yet the embedded Postgres' account gets through to its data below. */
export async function ensureStateFolder(folder: string): Promise<void> {
  await mkdir(join(folder, '.assay'), { recursive: true, mode: 0o711 });
  // Keys of the stack are in it, and databases: `git add .` must take none of them.
  await writeFile(join(folder, '.assay', '.gitignore'), '*\n', { flag: 'wx' }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    },
  );
}

/** Remembers the project of a folder, so that later commands need not execute its config. */
export async function rememberProject(
  folder: string,
  project: string,
  config: {
    readonly datasetsFolder?: string;
    readonly backend?: Backend;
    readonly models?: readonly string[];
  } = {},
): Promise<void> {
  const known = await readSettings(folder).catch(() => undefined);
  const { datasetsFolder = known?.datasetsFolder, backend = known?.backend } = config;
  const { models = known?.models } = config;
  if (
    known?.project === project &&
    known.datasetsFolder === datasetsFolder &&
    known.backend === backend &&
    known.models?.join('\n') === models?.join('\n')
  ) {
    return;
  }
  await ensureStateFolder(folder);
  const file = settingsFile(folder);
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(
    draft,
    `${JSON.stringify({ ...known, project, datasetsFolder, backend, models }, undefined, 2)}\n`,
  );
  await rename(draft, file);
}

/**
 * Which project a command means: the option, ASSAY_PROJECT, else what was remembered in the folder.
 *
 * @throws AssayError USAGE where nothing says so or it is no project id; JSON_INVALID for damaged settings.
 */
export async function resolveProject(from: {
  readonly option: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}): Promise<string> {
  if (from.option !== undefined) return checked(from.option, '--project');
  const variable = from.environment['ASSAY_PROJECT'];
  if (variable !== undefined && variable !== '') return checked(variable, 'ASSAY_PROJECT');
  const settings = await readSettings(from.folder);
  if (settings !== undefined) return settings.project;
  throw new AssayError('USAGE', `It is not known which project ${from.folder} is.`, {
    mend: 'Name it with --project or ASSAY_PROJECT, or run `assay config check` once in the folder of the project. `assay dev` remembers it once it is up.',
  });
}

/** The folder of the datasets as the config had it when it was last executed; undefined where nobody knows. */
export async function knownDatasetsFolder(folder: string): Promise<string | undefined> {
  return (await readSettings(folder).catch(() => undefined))?.datasetsFolder;
}

/** `platform.backend` of the config as it was when it was last executed; undefined where nobody knows. */
export async function knownBackend(folder: string): Promise<Backend | undefined> {
  return (await readSettings(folder).catch(() => undefined))?.backend;
}

/** The names in the config's `models` as they were when it was last executed; undefined where nobody knows. */
export async function knownModels(folder: string): Promise<readonly string[] | undefined> {
  return (await readSettings(folder).catch(() => undefined))?.models;
}

function checked(project: string, at: string): string {
  const parsed = projectIdSchema.safeParse(project);
  if (parsed.success) return parsed.data;
  throw new AssayError('USAGE', `${at} is no project id.`, {
    problems: plainIssues(parsed.error.issues).map(({ message }) => ({ at, message })),
  });
}

async function readSettings(folder: string): Promise<z.output<typeof settingsSchema> | undefined> {
  const file = settingsFile(folder);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AssayError('JSON_INVALID', `${file} cannot be read.`, {
      mend: 'Run `assay config check` to write it anew.',
      cause,
    });
  }
}
