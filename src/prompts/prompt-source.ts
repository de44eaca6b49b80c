import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { plainIssues } from '../contracts/schema-problems.js';
import type { PromptBody, PromptContent } from '../contracts/prompt.js';
import { promptNameSchema } from '../contracts/prompt.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import type { JsonObject } from '../core/json/json.js';
import { maxPromptBytes, promptBytes, promptContentHash } from '../core/prompts/content.js';
import { pullMark } from '../core/pull-mark.js';
import { promptVariables, templatesOf, undeclaredVariables } from '../core/prompts/variables.js';
import { metadataSchema, promptYamlSchema, type PromptMetadata } from './metadata.js';
import { parsePromptText, promptTextStarts, roleLineProblems } from './prompt-text.js';
import { roleProblem } from './roles.js';
import {
  placeOfVariable,
  templateProblems,
  type PlacedTemplate,
  type TextStart,
} from './text-places.js';
import { readYaml, type YamlPlaces } from './yaml-file.js';

/** The files of a prompt's folder. */
export const promptFiles = {
  text: 'prompt.txt',
  yaml: 'prompt.yaml',
  metadata: '.metadata.yaml',
} as const;

/** A prompt as its folder holds it. */
export interface PromptSource {
  readonly path: string;
  /** The folder's own name. */
  readonly folder: string;
  /** As the platforms call it. */
  readonly name: string;
  /** Where the metadata says the model, where it does. */
  readonly modelAt?: string;
  /** Which file says it. */
  readonly form: 'text' | 'yaml';
  readonly content: PromptContent;
  readonly contentHash: string;
  readonly metadata: PromptMetadata;
}

/** Files are read only up to there: a prompt is smaller. */
const maxFileBytes = 4 * maxPromptBytes;

/**
 * Reads `prompt.txt` or `prompt.yaml`, and `.metadata.yaml`, of a folder.
 *
 * @throws AssayError PROMPT_INVALID with all problems at once.
 */
export async function readPromptSource(path: string): Promise<PromptSource> {
  const problems: Problem[] = [];
  const source = await promptSourceOf(path, problems);
  if (source !== undefined && problems.length === 0) return source;
  throw new AssayError('PROMPT_INVALID', `The prompt in ${path} has problems.`, { problems });
}

/** As {@link readPromptSource}; what is wrong goes to `problems`. */
export async function promptSourceOf(
  path: string,
  problems: Problem[],
): Promise<PromptSource | undefined> {
  const files = {
    text: join(path, promptFiles.text),
    yaml: join(path, promptFiles.yaml),
    metadata: join(path, promptFiles.metadata),
  };
  if (await isHalfPulled(path)) {
    problems.push({
      at: path,
      message:
        'was being pulled when that was interrupted: some of its files are new and others old',
      mend: 'Pull it again.',
    });
    return undefined;
  }
  let metadataPlaces: YamlPlaces | undefined;
  const metadata = await readMetadata(path, problems, (places) => (metadataPlaces = places));
  const text = await readText(files.text, problems);
  const yaml = await readText(files.yaml, problems);
  if (text !== undefined && yaml !== undefined) {
    problems.push({
      at: files.yaml,
      message: `is there beside ${promptFiles.text}`,
      mend: 'Keep one of them: nobody knows which is meant.',
    });
    return undefined;
  }
  const form = yaml === undefined ? 'text' : 'yaml';
  const file = files[form];
  const type = metadata.type ?? 'chat';
  let starts: readonly (TextStart | undefined)[] = [];
  let body: PromptBody | undefined;
  if (yaml === undefined) {
    body = textBody(text, { file, type, problems });
    starts = promptTextStarts(text ?? '', type);
    if (type === 'chat') problems.push(...roleLineProblems(file, text ?? ''));
  } else {
    const onStarts = (found: typeof starts): void => void (starts = found);
    body = yamlBody(yaml, { file, type: metadata.type, problems, onStarts });
  }
  if (body === undefined) return undefined;
  const templates = templatesOf(body).map((each, index) => ({ text: each, start: starts[index] }));
  const declaredAt = (index: number): string =>
    metadataPlaces?.at(['variables', index]) ?? files.metadata;
  const metadataFile = files.metadata;
  checkBody(body, { file, metadata, metadataFile, declaredAt, templates, problems });
  const content = { body, config: configOf(metadata, files.metadata, problems) };
  checkSize(content, file, problems);
  return {
    path,
    folder: basename(path),
    name: metadata.name ?? folderName(path, problems),
    ...(metadata.model === undefined
      ? {}
      : { modelAt: metadataPlaces?.at(['model']) ?? metadataFile }),
    form,
    content,
    contentHash: promptContentHash(content),
    metadata,
  };
}

/** Whether a pull into the folder was interrupted. */
export const isHalfPulled = (path: string): Promise<boolean> =>
  stat(join(path, pullMark)).then(
    () => true,
    () => false,
  );

/** Reads `.metadata.yaml`; a missing one is empty. */
export async function readMetadata(
  path: string,
  problems: Problem[],
  places?: (places: YamlPlaces) => void,
): Promise<PromptMetadata> {
  const file = join(path, promptFiles.metadata);
  const text = await readText(file, problems);
  if (text === undefined) return {};
  const told = places === undefined ? {} : { places };
  return readYaml(text, { file, schema: metadataSchema, problems, ...told }) ?? {};
}

/** A text of the file, or undefined where there is none. */
async function readText(file: string, problems: Problem[]): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes) {
      problems.push({
        at: file,
        message: `is larger than ${maxFileBytes} bytes, and a prompt has at most ${maxPromptBytes}`,
      });
      return undefined;
    }
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const notText = code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    problems.push({
      at: file,
      message: notText ? 'is not UTF-8' : `cannot be read (${code ?? 'unknown'})`,
    });
    return undefined;
  }
}

function textBody(
  text: string | undefined,
  of: { readonly file: string; readonly type: 'chat' | 'text'; readonly problems: Problem[] },
): PromptBody | undefined {
  const { file, type, problems } = of;
  // Said already where it is there and cannot be read.
  if (text === undefined) {
    if (!problems.some(({ at }) => at === file)) {
      problems.push({
        at: file,
        message: 'is missing',
        mend: `Write the prompt there, or into ${promptFiles.yaml}.`,
      });
    }
    return undefined;
  }
  const body = parsePromptText(text, type);
  const empty = body.kind === 'text' ? body.text === '' : body.messages.length === 0;
  if (!empty) return body;
  problems.push({ at: file, message: 'is empty', mend: 'Write the prompt there.' });
  return undefined;
}

function yamlBody(
  yaml: string,
  of: {
    readonly file: string;
    readonly type: 'chat' | 'text' | undefined;
    readonly problems: Problem[];
    /** Told where its templates begin. */
    readonly onStarts: (starts: readonly (TextStart | undefined)[]) => void;
  },
): PromptBody | undefined {
  const { file, type, problems, onStarts } = of;
  let found: YamlPlaces | undefined;
  const places = (told: YamlPlaces): void => void (found = told);
  const read = readYaml(yaml, { file, schema: promptYamlSchema, problems, places });
  if (read === undefined) return undefined;
  const body: PromptBody =
    'text' in read
      ? { kind: 'text', text: read.text }
      : { kind: 'chat', messages: 'messages' in read ? read.messages : read };
  if (body.kind === 'text') onStarts([found?.start(['text'])]);
  else {
    const list = Array.isArray(read) ? [] : ['messages'];
    const said = body.messages.flatMap((message, index) =>
      'role' in message ? [{ message, index }] : [],
    );
    onStarts(said.map(({ index }) => found?.start([...list, index, 'content'])));
    for (const { message, index } of said) {
      const problem = roleProblem(message.role);
      const at = found?.at([...list, index, 'role']) ?? file;
      if (problem !== undefined) problems.push({ at, ...problem });
    }
  }
  if (type === undefined || type === body.kind) return body;
  problems.push({
    at: `${file}:1:1`,
    message: `holds ${body.kind === 'text' ? 'one text' : 'messages'}, and its metadata says type: ${type}`,
  });
  return undefined;
}

function checkBody(
  body: PromptBody,
  of: {
    readonly file: string;
    readonly metadata: PromptMetadata;
    readonly metadataFile: string;
    /** Where the metadata declares a variable. */
    readonly declaredAt: (index: number) => string;
    readonly templates: readonly PlacedTemplate[];
    readonly problems: Problem[];
  },
): void {
  const { file, metadata, metadataFile, declaredAt, templates, problems } = of;
  if (templatesOf(body).some((text) => !text.isWellFormed() || text.includes('\0'))) {
    problems.push({ at: file, message: 'holds half a surrogate pair or a NUL' });
  }
  const variables = promptVariables(body);
  problems.push(...templateProblems(file, templates));
  const { undeclared, unused } = undeclaredVariables(variables, metadata.variables);
  const mend = `Correct the prompt, or \`variables\` in ${metadataFile}.`;
  for (const name of undeclared) {
    const message = `uses the variable "${name}", which is not declared`;
    problems.push({ at: placeOfVariable(file, templates, name), message, mend });
  }
  for (const name of unused) {
    const message = `declares the variable "${name}", which the prompt does not use`;
    problems.push({ at: declaredAt(metadata.variables?.indexOf(name) ?? 0), message, mend });
  }
}

function configOf(metadata: PromptMetadata, file: string, problems: Problem[]): JsonObject {
  const { config = {}, model, parameters, response_format } = metadata;
  const own: JsonObject = {
    ...(model === undefined ? {} : { model }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(response_format === undefined ? {} : { response_format }),
  };
  for (const key of Object.keys(own).filter((each) => Object.hasOwn(config, each))) {
    problems.push({ at: file, message: `says ${key} twice: once in config`, mend: 'Keep one.' });
  }
  return { ...config, ...own };
}

function checkSize(content: PromptContent, file: string, problems: Problem[]): void {
  const bytes = promptBytes(content);
  if (bytes <= maxPromptBytes) return;
  problems.push({
    at: file,
    message: `is ${bytes} bytes with its config; a prompt has at most ${maxPromptBytes}`,
  });
}

function folderName(path: string, problems: Problem[]): string {
  const folder = basename(path);
  const parsed = promptNameSchema.safeParse(folder);
  if (!parsed.success) {
    for (const { message } of plainIssues(parsed.error.issues))
      problems.push({ at: path, message });
  }
  return folder;
}
