import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { AssayClient } from '../../client/assay-client.js';
import type { PromptReading, PromptVersion } from '../../client/prompts.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { contentLabel, promptContentHash } from '../../core/prompts/content.js';
import { promptAsFiles } from '../../prompts/prompt-files.js';
import {
  isHalfPulled,
  promptFiles,
  promptSourceOf,
  readMetadata,
  type PromptSource,
} from '../../prompts/prompt-source.js';
import type { Cli } from '../cli.js';
import { shown } from '../files/folder-names.js';
import { safeFolders, writeFolder, type SafeFolder } from '../files/safe-folder.js';
import { knownModels } from '../settings.js';
import { jsonText } from '../io/json-text.js';
import { readingOf, rootOf, selectorOf, type PlatformOptions } from './options.js';
import { namedPrompt, noSuchPrompt } from './named-prompt.js';
import type { NameOptions } from './name-option.js';

export interface PullCommand extends NameOptions, PlatformOptions {
  readonly label?: string;
  readonly version?: string;
  readonly force?: boolean;
}

/** What is to be written, or is as it should be. */
interface Pulled {
  readonly folder: SafeFolder;
  readonly version: PromptVersion;
  readonly local: PromptSource | undefined;
  readonly state: 'new' | 'changed' | 'unchanged';
}

/** Writes prompts of a platform into their folders: all, or none where one of them cannot be. */
export async function pull(
  cli: Cli,
  names: readonly string[],
  options: PullCommand,
): Promise<void> {
  await tell(cli, await cli.withClient((client) => written(cli, client, { names, options })));
}

async function written(
  cli: Cli,
  client: AssayClient,
  { names, options }: { readonly names: readonly string[]; readonly options: PullCommand },
): Promise<readonly Pulled[]> {
  const which = selectorOf(options);
  if ('version' in which && names.length !== 1) {
    throw new AssayError('USAGE', '--version is of one prompt.', { mend: 'Name the prompt.' });
  }
  const reading = await readingOf(cli, options);
  const root = rootOf(cli, options);
  const wanted: string[] = [];
  for (const name of names) {
    // Here the folder of --dir is made where it is not there.
    wanted.push(await namedPrompt({ cli, client }, name, { ...options, reading, made: true }));
  }
  if (names.length === 0) {
    wanted.push(...(await client.prompts.list(reading)).map(({ name }) => name));
  }
  const homes = await foldersByName(root);
  const folders = await safeFolders(
    root,
    [...new Set(wanted)].map((name) => {
      const folder = homes.get(name);
      return { name, ...(folder === undefined ? {} : { folder }) };
    }),
  );
  const problems: Problem[] = [];
  const pulled: Pulled[] = [];
  for (const folder of folders) {
    const version = await client.prompts.get(folder.name, which, reading);
    // Of all prompts, those that have no such label are simply not meant.
    if (version === undefined && names.length === 0) continue;
    if (version === undefined) {
      throw await noSuchPrompt(
        { cli, client },
        { name: folder.name, which },
        { ...options, reading },
      );
    }
    const local = await readableSource(folder.path);
    const problem =
      options.force === true
        ? undefined
        : await unpushed(client, { folder, local, version, reading });
    if (problem !== undefined) problems.push(problem);
    pulled.push({ folder, version, local, state: stateOf(version, local) });
  }
  if (problems.length > 0) {
    throw new AssayError('PULL_CONFLICT', 'Files hold what the platform never had.', {
      problems,
      mend: 'Nothing was written. Push them, move them away, or pull with --force.',
    });
  }
  const models = await knownModels(cli.folder);
  for (const each of pulled) if (each.state !== 'unchanged') await write(each, models);
  return pulled;
}

function stateOf(version: PromptVersion, local: PromptSource | undefined): Pulled['state'] {
  if (local === undefined) return 'new';
  return local.contentHash === promptContentHash(version) ? 'unchanged' : 'changed';
}

/** Why the files of a folder must not be written over: what they hold stands nowhere else. */
async function unpushed(
  client: AssayClient,
  of: {
    readonly folder: SafeFolder;
    readonly local: PromptSource | undefined;
    readonly version: PromptVersion;
    readonly reading: PromptReading;
  },
): Promise<Problem | undefined> {
  const { folder, local, version, reading } = of;
  const at = folder.path;
  // What a pull has left half done is nobody's work.
  if (await isHalfPulled(folder.path)) return undefined;
  if (local === undefined) {
    const files = await readdir(folder.path).catch(() => []);
    const own: readonly string[] = Object.values(promptFiles);
    if (!files.some((file) => own.includes(file))) return undefined;
    return { at, message: 'holds prompt files that cannot be read as a prompt' };
  }
  if (local.name !== folder.name) {
    return { at, message: `holds another prompt (${shown(local.name)})` };
  }
  if (local.contentHash === promptContentHash(version)) return undefined;
  const label = contentLabel(local.contentHash);
  const pushed = await client.prompts.get(folder.name, { label }, reading);
  return pushed === undefined ? { at, message: 'was edited and not pushed' } : undefined;
}

/** The folders of prompts that are here, by what the platforms call them. */
async function foldersByName(root: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const homes = new Map<string, string>();
  for (const entry of entries) {
    // Links are no homes: what a platform says is never written through one.
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const { name } = await readMetadata(join(root, entry.name), []);
    if (name !== undefined) homes.set(name, entry.name);
  }
  return homes;
}

async function write(
  { folder, version, local }: Pulled,
  models: readonly string[] | undefined,
): Promise<void> {
  const { files, remove } = promptAsFiles(version, {
    folder: folder.folder,
    models,
    ...(local === undefined
      ? {}
      : { form: local.form, kept: local.metadata, texts: await textsOf(folder) }),
  });
  await writeFolder(folder, { files: Object.keys(files), remove }, async (drafts) => {
    for (const [file, text] of Object.entries(files)) await drafts[file]?.write(text);
  });
}

/** The files as they are: what a pull does not change in them stays. */
async function textsOf({ path }: SafeFolder): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  for (const file of Object.values(promptFiles)) {
    const text = await readFile(join(path, file), 'utf8').catch(() => undefined);
    if (text !== undefined) texts[file] = text;
  }
  return texts;
}

async function tell(cli: Cli, pulled: readonly Pulled[]): Promise<void> {
  if (cli.json) {
    const prompts = pulled.map(({ folder, version, state }) => ({
      name: folder.name,
      folder: folder.path,
      version: version.version,
      state,
    }));
    await cli.out.line(jsonText({ prompts }));
    return;
  }
  const { safe, colours } = cli.out;
  if (pulled.length === 0) await cli.err.line('There is nothing to pull.');
  for (const { folder, version, state } of pulled) {
    const what = state === 'unchanged' ? 'is' : 'is now';
    await cli.out.line(
      `${colours.bold(safe(folder.name))} ${what} v${safe(version.version)} in ${safe(folder.path)}`,
    );
  }
}

/** What a folder holds, where it can be read; broken files are nobody's content. */
async function readableSource(path: string): Promise<PromptSource | undefined> {
  const problems: Problem[] = [];
  const source = await promptSourceOf(path, problems);
  return problems.length === 0 ? source : undefined;
}
