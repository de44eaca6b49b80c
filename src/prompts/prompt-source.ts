import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { plainIssues } from '../contracts/schema-problems.js';
import type { PromptBody, PromptContent } from '../contracts/prompt.js';
import { promptNameSchema } from '../contracts/prompt.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import type { JsonObject } from '../core/json/json.js';
import { maxPromptBytes, promptBytes, promptContentHash } from '../core/prompts/content.js';
import { pullMark } from '../core/pull-mark.js';
import { promptVariables, templatesOf, variableProblems } from '../core/prompts/variables.js';
import { metadataSchema, promptYamlSchema, type PromptMetadata } from './metadata.js';
import { parsePromptText } from './prompt-text.js';
import { readYaml } from './yaml-file.js';

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
  const metadata = await readMetadata(path, problems);
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
  const body =
    yaml === undefined
      ? textBody(text, { file, type: metadata.type ?? 'chat', problems })
      : yamlBody(yaml, { file, type: metadata.type, problems });
  if (body === undefined) return undefined;
  checkBody(body, { file, metadata, metadataFile: files.metadata, problems });
  const content = { body, config: configOf(metadata, files.metadata, problems) };
  checkSize(content, file, problems);
  return {
    path,
    folder: basename(path),
    name: metadata.name ?? folderName(path, problems),
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
export async function readMetadata(path: string, problems: Problem[]): Promise<PromptMetadata> {
  const file = join(path, promptFiles.metadata);
  const text = await readText(file, problems);
  if (text === undefined) return {};
  return readYaml(text, { file, schema: metadataSchema, problems }) ?? {};
}

/** A text of the file, or undefined where there is none. */
async function readText(file: string, problems: Problem[]): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes) {
      problems.push({ at: file, message: `is larger than ${maxFileBytes} bytes` });
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
  },
): PromptBody | undefined {
  const { file, type, problems } = of;
  const read = readYaml(yaml, { file, schema: promptYamlSchema, problems });
  if (read === undefined) return undefined;
  const body: PromptBody =
    'text' in read
      ? { kind: 'text', text: read.text }
      : { kind: 'chat', messages: 'messages' in read ? read.messages : read };
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
    readonly problems: Problem[];
  },
): void {
  const { file, metadata, metadataFile, problems } = of;
  if (templatesOf(body).some((text) => !text.isWellFormed() || text.includes('\0'))) {
    problems.push({ at: file, message: 'holds half a surrogate pair or a NUL' });
  }
  const variables = promptVariables(body);
  for (const message of variables.problems) {
    const mend = message.startsWith('uses the partial') ? { mend: 'Write it out.' } : {};
    problems.push({ at: file, message, ...mend });
  }
  for (const message of variableProblems(variables, metadata.variables)) {
    problems.push({
      at: file,
      message,
      mend: `Correct the prompt, or \`variables\` in ${metadataFile}.`,
    });
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
