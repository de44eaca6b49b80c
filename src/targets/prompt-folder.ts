import type { ModelConfig } from '../contracts/config.js';
import type { TargetIdentity } from '../contracts/manifest.js';
import type { PromptContent, PromptMessage } from '../contracts/prompt.js';
import { AssayError } from '../core/errors/assay-error.js';
import { isObject, type JsonObject } from '../core/json/json.js';
import { promptVariables } from '../core/prompts/variables.js';
import type { ChatMessage } from '../models/port.js';
import { readMetadata, readPromptSource } from '../prompts/prompt-source.js';
import { lackingVariables, renderPrompt } from '../prompts/render-prompt.js';
import type { FetchedFrom } from './port.js';

/** A prompt as a target uses it. */
export interface PromptFolder {
  readonly messages: readonly PromptMessage[];
  /** That an input must have; {@link placeholders} among them. */
  readonly variables: readonly string[];
  /** Inputs that are lists of messages. */
  readonly placeholders: readonly string[];
  readonly model: string | undefined;
  readonly parameters: JsonObject;
  readonly responseSchema: { readonly name: string; readonly schema: JsonObject } | undefined;
  /** What stands on the platforms; absent where a manifest says the prompt. */
  readonly stored?: StoredPrompt;
}

/** A prompt as the platforms keep it. */
export interface StoredPrompt extends PromptContent {
  /** As the platforms call it, where that is not the target's name. */
  readonly name?: string;
  readonly contentHash: string;
  /** Where it was fetched from. */
  readonly fetched?: FetchedFrom;
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
  const named = (await readMetadata(path, [])).model;
  const messages = identity.prompt.map(plannedMessage);
  const schema = identity.responseFormat;
  return {
    ...partsOf(messages),
    model: answers(named) ? named : Object.keys(models).find(answers),
    parameters,
    responseSchema: isObject(schema) ? { name: 'answer', schema } : undefined,
  };
}

/** A place where messages are put in, as manifests hold it. */
const placeholderRole = 'placeholder';

/** A message as manifests hold it, and back. */
export const manifestMessage = (
  message: PromptMessage,
): { readonly role: string; readonly content: string } =>
  'placeholder' in message
    ? { role: placeholderRole, content: message.placeholder }
    : { role: message.role, content: message.content };

const plannedMessage = ({ role, content }: { role: string; content: string }): PromptMessage =>
  role === placeholderRole ? { placeholder: content } : { role, content };

/**
 * Reads the prompt of a target's folder: `prompt.txt` or `prompt.yaml`, and `.metadata.yaml`.
 *
 * @throws AssayError PROMPT_INVALID with all problems at once.
 */
export async function readPromptFolder(folder: string): Promise<PromptFolder> {
  const { content, contentHash, metadata } = await readPromptSource(folder);
  return promptOfContent(content, {
    at: folder,
    stored: {
      ...content,
      contentHash,
      ...(metadata.name === undefined ? {} : { name: metadata.name }),
    },
  });
}

/**
 * A content as a target uses it. `model`, `parameters` and `response_format` of its config are what metadata says under these
 * names.
 *
 * @throws AssayError PROMPT_INVALID where a target cannot send it.
 */
export function promptOfContent(
  content: PromptContent,
  { at, stored }: { readonly at: string; readonly stored: StoredPrompt },
): PromptFolder {
  const { body, config } = content;
  const messages: readonly PromptMessage[] =
    body.kind === 'text' ? [{ role: 'user', content: body.text }] : body.messages;
  const problems = messages.flatMap((message) =>
    'role' in message && !isRole(message.role)
      ? [{ at, message: `has a message of the role "${message.role}", which a target cannot send` }]
      : [],
  );
  const variables = promptVariables(body);
  problems.push(...variables.problems.map((message) => ({ at, message })));
  if (problems.length > 0) {
    throw new AssayError('PROMPT_INVALID', `The prompt in ${at} has problems.`, { problems });
  }
  const { model, parameters, response_format: format } = config;
  return {
    ...partsOf(messages),
    model: typeof model === 'string' ? model : undefined,
    parameters: isObject(parameters) ? parameters : {},
    responseSchema: responseSchemaOf(isObject(format) ? format : undefined),
    stored,
  };
}

const isRole = (role: string): role is ChatMessage['role'] =>
  role === 'system' || role === 'user' || role === 'assistant';

function partsOf(
  messages: readonly PromptMessage[],
): Pick<PromptFolder, 'messages' | 'variables' | 'placeholders'> {
  const { required, placeholders } = promptVariables({ kind: 'chat', messages });
  return { messages, variables: required, placeholders };
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

/** Fills a prompt's messages with an item's input. */
export function renderMessages(
  messages: readonly PromptMessage[],
  input: JsonObject,
): readonly ChatMessage[] {
  return renderPrompt(messages, input, isRole).map(({ role, content }) => ({
    role: isRole(role) ? role : 'user',
    content,
  }));
}

/** The variables of a prompt (`name`, or `customer.name` for a field of one) that an input lacks. */
export const missingVariables = (
  variables: readonly string[],
  input: JsonObject,
  placeholders: readonly string[] = [],
): string[] => lackingVariables(variables, input, { placeholders, isRole });
