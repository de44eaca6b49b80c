import { AssayError } from '../../core/errors/assay-error.js';
import { canonicalJson, type Json, type JsonObject } from '../../core/json/json.js';
import { wellFormed, wellFormedJson } from '../../core/text/well-formed.js';
import type { PromptBody, PromptContent, PromptMessage } from '../prompt-port.js';
import { isObject } from '../../core/json/json.js';
import { mustacheOf, type FStringReader } from './template-format.js';

/** Members of a template's metadata that are ours. */
const configKey = 'assay.config';
const hashKey = 'assay.content_hash';

/** How LangChain writes an object so that it can be made again elsewhere. */
function constructed(id: readonly string[], kwargs: JsonObject): JsonObject {
  return { lc: 1, type: 'constructor', id, kwargs };
}

const prompts = ['langchain', 'prompts'] as const;

const messageClasses: Readonly<Record<string, string>> = {
  system: 'SystemMessagePromptTemplate',
  user: 'HumanMessagePromptTemplate',
  human: 'HumanMessagePromptTemplate',
  assistant: 'AIMessagePromptTemplate',
  ai: 'AIMessagePromptTemplate',
};
const rolesByClass: Readonly<Record<string, string>> = {
  SystemMessagePromptTemplate: 'system',
  SystemMessage: 'system',
  HumanMessagePromptTemplate: 'user',
  HumanMessage: 'user',
  AIMessagePromptTemplate: 'assistant',
  AIMessage: 'assistant',
};

/** A prompt as LangChain reads it, its templates in mustache; config and content hash stand in the template's metadata. */
export function manifestOf(content: PromptContent, contentHash: string): JsonObject {
  const { body } = content;
  const metadata = {
    [hashKey]: contentHash,
    ...(Object.keys(content.config).length === 0
      ? {}
      : { [configKey]: wellFormedJson(content.config).value }),
  };
  if (body.kind === 'text') return templateOf(body.text, { metadata });
  return constructed([...prompts, 'chat', 'ChatPromptTemplate'], {
    input_variables: variablesOf(body),
    messages: body.messages.map(messageManifest),
    metadata,
  });
}

function templateOf(text: string, more: JsonObject = {}): JsonObject {
  const template = wellFormed(text).text;
  return constructed([...prompts, 'prompt', 'PromptTemplate'], {
    input_variables: namesIn(template),
    template,
    template_format: 'mustache',
    ...more,
  });
}

function messageManifest(message: PromptMessage): JsonObject {
  if ('placeholder' in message) {
    return constructed([...prompts, 'chat', 'MessagesPlaceholder'], {
      variable_name: message.placeholder,
    });
  }
  const known = messageClasses[message.role];
  return constructed([...prompts, 'chat', known ?? 'ChatMessagePromptTemplate'], {
    prompt: templateOf(message.content),
    ...(known === undefined ? { role: message.role } : {}),
  });
}

function variablesOf(body: PromptBody & { kind: 'chat' }): readonly string[] {
  const all = body.messages.flatMap((message) =>
    'placeholder' in message ? [message.placeholder] : namesIn(message.content),
  );
  return [...new Set(all)];
}

/** What LangChain must be given: the variables and sections that stand outermost. */
function namesIn(template: string): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [, sigil = '', name = ''] of template.matchAll(
    /\{\{\{?\s*([#^/&]?)\s*([^\s{}!>=][^{}]*?)\s*\}?\}\}/g,
  )) {
    if (sigil === '/') depth -= 1;
    else if (depth === 0) names.push(name.split('.', 1)[0] ?? name);
    if (sigil === '#' || sigil === '^') depth += 1;
  }
  return [...new Set(names.filter((name) => name !== ''))];
}

/** The content hash that we wrote into a manifest. */
export function hashIn(manifest: JsonObject): string | undefined {
  const hash = metadataOf(templateIn(manifest))[hashKey];
  return typeof hash === 'string' ? hash : undefined;
}

/**
 * What a manifest says, whoever wrote it.
 * @throws AssayError PROMPT_INVALID where it is none that is known, or its templates cannot be carried.
 */
export function contentOf(
  manifest: JsonObject,
  on: { readonly name: string; readonly fStrings: FStringReader | undefined },
): PromptContent {
  const template = templateIn(manifest);
  const config = metadataOf(template)[configKey];
  return {
    body: bodyOf(template, on),
    config: { ...(isObject(config) ? config : {}), ...schemaIn(template), ...modelIn(manifest) },
  };
}

type Reading = Parameters<typeof contentOf>[1];

/** Whether a manifest says just this; one that cannot be read says something else. */
export function says(manifest: JsonObject, content: PromptContent, on: Reading): boolean {
  try {
    return canonicalJson(contentOf(manifest, on)) === canonicalJson(content);
  } catch (error) {
    if (AssayError.is(error) && error.code === 'PROMPT_INVALID') return false;
    throw error;
  }
}

/** A prompt that was saved with its model is a sequence of both. */
function templateIn(manifest: JsonObject): JsonObject {
  const first =
    className(manifest) === 'RunnableSequence' ? kwargsOf(manifest)['first'] : undefined;
  return isObject(first) ? first : manifest;
}

/** The model that a prompt was saved with, as it stands there: secrets are only named in it. */
function modelIn(manifest: JsonObject): JsonObject {
  if (className(manifest) !== 'RunnableSequence') return {};
  const { last } = kwargsOf(manifest);
  return isObject(last) ? { 'langsmith.model': last } : {};
}

/** The form of the answer that a prompt was saved with. */
function schemaIn(template: JsonObject): JsonObject {
  const { schema_: schema } = kwargsOf(template);
  return isObject(schema) ? { 'langsmith.schema': schema } : {};
}

function bodyOf(template: JsonObject, on: Reading): PromptBody {
  const kwargs = kwargsOf(template);
  const name = className(template);
  if (name === 'PromptTemplate') return { kind: 'text', text: templateText(kwargs, on) };
  const messages = kwargs['messages'];
  const isChat = name === 'ChatPromptTemplate' || name === 'StructuredPrompt';
  if (!isChat || !Array.isArray(messages)) throw unknownForm(on, name);
  return {
    kind: 'chat',
    messages: (messages as readonly Json[]).map((message) => messageOf(message, on)),
  };
}

function messageOf(message: Json, on: Reading): PromptMessage {
  if (!isObject(message)) throw unknownForm(on, undefined);
  const kwargs = kwargsOf(message);
  const name = className(message) ?? '';
  if (name === 'MessagesPlaceholder' && typeof kwargs['variable_name'] === 'string') {
    return { placeholder: kwargs['variable_name'] };
  }
  const role = rolesByClass[name] ?? kwargs['role'];
  const { prompt, content } = kwargs;
  if (typeof role === 'string') {
    if (isObject(prompt) && className(prompt) === 'PromptTemplate') {
      return { role, content: templateText(kwargsOf(prompt), on) };
    }
    // A message without variables: its text is no template, so what would be a tag in one cannot be carried.
    if (typeof content === 'string' && !content.includes('{{')) return { role, content };
  }
  throw unknownForm(on, name);
}

function templateText(kwargs: JsonObject, on: Reading): string {
  const { template, template_format: format } = kwargs;
  if (typeof template !== 'string') throw unknownForm(on, 'PromptTemplate');
  return mustacheOf(
    { text: template, format: typeof format === 'string' ? format : 'f-string' },
    on,
  );
}

/** The last part of the id tells the class, whichever package of LangChain wrote it. */
function className(object: JsonObject): string | undefined {
  const id = object['id'];
  const last: unknown = Array.isArray(id) ? id.at(-1) : undefined;
  return typeof last === 'string' ? last : undefined;
}

function kwargsOf(object: JsonObject): JsonObject {
  const { kwargs } = object;
  return isObject(kwargs) ? kwargs : {};
}

function metadataOf(template: JsonObject): JsonObject {
  const { metadata } = kwargsOf(template);
  return isObject(metadata) ? metadata : {};
}

function unknownForm(on: Reading, found: string | undefined): AssayError {
  return new AssayError(
    'PROMPT_INVALID',
    `The prompt ${JSON.stringify(on.name)} on LangSmith has a form that is not known${found === undefined ? '' : ` (${JSON.stringify(found)})`}.`,
    { mend: 'Save it there as a text or chat prompt of texts.' },
  );
}
