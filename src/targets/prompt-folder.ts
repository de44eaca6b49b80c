import Mustache from 'mustache';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

import type { ModelConfig } from '../contracts/config.js';
import type { TargetIdentity } from '../contracts/manifest.js';
import { resourceNameSchema } from '../contracts/names.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import type { ChatMessage } from '../models/port.js';

const metadataSchema = z.object({
  name: resourceNameSchema.optional(),
  version: z.union([z.string(), z.number()]).optional(),
  description: z.string().optional(),
  model: resourceNameSchema.optional(),
  parameters: z.record(z.string(), z.json()).optional(),
  /** A JSON schema that the answer must fit; makes the output JSON. */
  response_format: z.record(z.string(), z.json()).optional(),
  labels: z.array(z.string()).optional(),
});

/** A prompt as its folder holds it. */
export interface PromptFolder {
  readonly messages: readonly ChatMessage[];
  readonly variables: readonly string[];
  readonly model: string | undefined;
  readonly parameters: JsonObject;
  readonly responseSchema: { readonly name: string; readonly schema: JsonObject } | undefined;
}

/** The prompt as a manifest recorded it, for a run whose files may have been edited since. */
export async function pinnedPromptFolder(
  identity: TargetIdentity & { kind: 'prompt' },
  { path, models }: { path: string; models: Readonly<Record<string, ModelConfig>> },
): Promise<PromptFolder> {
  const { provider, model, parameters } = identity.model;
  const answers = (name: string | undefined): boolean =>
    name !== undefined && models[name]?.provider === provider && models[name].model === model;
  // Two entries of the config can name one model with two keys, so the folder's own choice comes first.
  const named = (await readMetadata(join(path, '.metadata.yaml'), [])).model;
  const messages = identity.prompt as readonly ChatMessage[];
  const schema = identity.responseFormat;
  return {
    messages,
    variables: collectVariables(messages, { file: 'manifest', problems: [] }),
    model: answers(named) ? named : Object.keys(models).find(answers),
    parameters,
    responseSchema: isObject(schema) ? { name: 'answer', schema } : undefined,
  };
}

const roleLine = /^---\s*(system|user|assistant)\s*---\s*$/;

/**
 * Reads `prompt.txt` and `.metadata.yaml` of a target's folder. The text is one user message, or several
 * messages where lines such as `--- system ---` part them.
 *
 * @throws AssayError PROMPT_INVALID with all problems at once.
 */
export async function readPromptFolder(folder: string): Promise<PromptFolder> {
  const promptFile = join(folder, 'prompt.txt');
  const metadataFile = join(folder, '.metadata.yaml');
  const problems: Problem[] = [];
  const text = await readFile(promptFile, 'utf8').catch(() => {
    problems.push({ at: promptFile, message: 'cannot be read', mend: 'Write the prompt there.' });
    return '';
  });
  const metadata = await readMetadata(metadataFile, problems);
  // Editors put a byte order mark there; before a role line it would hide the role.
  const messages = parseMessages(text.startsWith('\ufeff') ? text.slice(1) : text);
  const variables = collectVariables(messages, { file: promptFile, problems });
  if (text !== '' && messages.length === 0) {
    problems.push({ at: promptFile, message: 'is empty', mend: 'Write the prompt there.' });
  }
  if (problems.length > 0) {
    throw new AssayError('PROMPT_INVALID', `The prompt in ${folder} has problems.`, { problems });
  }
  return {
    messages,
    variables,
    model: metadata.model,
    parameters: metadata.parameters ?? {},
    responseSchema: responseSchemaOf(metadata.response_format),
  };
}

async function readMetadata(
  file: string,
  problems: Problem[],
): Promise<z.output<typeof metadataSchema>> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  let raw: unknown;
  try {
    raw = parseYaml(text);
  } catch (error) {
    problems.push({ at: file, message: `is not valid YAML: ${firstLine(error)}` });
    return {};
  }
  const parsed = metadataSchema.safeParse(raw ?? {});
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    problems.push({ at: `${file}: ${issue.path.join('.')}`, message: issue.message });
  }
  return {};
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

function parseMessages(text: string): ChatMessage[] {
  const messages: ChatMessage[] = [];
  let role: ChatMessage['role'] = 'user';
  let lines: string[] = [];
  const flush = (): void => {
    const content = lines.join('\n').trim();
    if (content !== '') messages.push({ role, content });
    lines = [];
  };
  for (const line of text.split(/\r?\n/)) {
    const match = roleLine.exec(line);
    if (match === null) lines.push(line);
    else {
      flush();
      role = match[1] as ChatMessage['role'];
    }
  }
  flush();
  return messages;
}

type Token = readonly [kind: string, value: string, start: number, end: number, inner?: unknown];

function collectVariables(
  messages: readonly ChatMessage[],
  { file, problems }: { file: string; problems: Problem[] },
): string[] {
  const names = new Set<string>();
  const walk = (tokens: readonly Token[], inSection: boolean): void => {
    for (const [kind, value, , , inner] of tokens) {
      // What a section shows or hides may be missing on purpose: that is what sections are for.
      if ((kind === 'name' || kind === '&') && value !== '.' && !inSection) names.add(value);
      if (kind === '>')
        problems.push({ at: file, message: `uses the partial "${value}"`, mend: 'Write it out.' });
      if (Array.isArray(inner)) walk(inner as Token[], true);
    }
  };
  for (const message of messages) {
    try {
      walk(Mustache.parse(message.content) as unknown as Token[], false);
    } catch (error) {
      problems.push({ at: file, message: `is not a valid template: ${firstLine(error)}` });
    }
  }
  return [...names];
}

function responseSchemaOf(
  format: JsonObject | undefined,
): { name: string; schema: JsonObject } | undefined {
  if (format === undefined) return undefined;
  // Both forms are accepted: a bare JSON schema, and OpenAI's response_format around it.
  const wrapped = format['json_schema'];
  if (format['type'] === 'json_schema' && isObject(wrapped) && isObject(wrapped['schema'])) {
    const name = wrapped['name'];
    return { name: typeof name === 'string' ? name : 'answer', schema: wrapped['schema'] };
  }
  return { name: 'answer', schema: format };
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fills a template with an item's input. Escaping is off (a prompt is no HTML); objects and lists become JSON. */
export function renderMessages(messages: readonly ChatMessage[], input: JsonObject): ChatMessage[] {
  const view = printable(input);
  return messages.map(({ role, content }) => ({
    role,
    content: Mustache.render(content, view, undefined, { escape: (text: string) => text }),
  }));
}

// A copy for Mustache. Objects and lists print themselves as JSON instead of "[object Object]" and "a,b", and stay what
// they are for sections and dotted names. Without a prototype `{{constructor}}` names nothing.
function printable(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const copy: object = Array.isArray(value)
    ? value.map((entry: Json) => printable(entry))
    : Object.assign(
        Object.create(null) as object,
        Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, printable(entry)])),
      );
  return Object.defineProperty(copy, Symbol.toPrimitive, { value: () => JSON.stringify(value) });
}

/** The variables of a prompt (`name`, or `customer.name` for a field of one) that an input lacks. */
export function missingVariables(variables: readonly string[], input: JsonObject): string[] {
  return variables.filter((name) => !hasPath(input, name.split('.')));
}

function hasPath(value: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  if (value === null || value === undefined || !Object.hasOwn(Object(value) as object, first))
    return false;
  return hasPath((value as Readonly<Record<string, unknown>>)[first], rest);
}
