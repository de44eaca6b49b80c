import type { PromptBody } from '../../contracts/prompt.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import { wellFormed, wellFormedJson } from '../../core/text/well-formed.js';
import type { PromptContent, PromptToCreate, PromptVersion } from '../prompt-port.js';
import type { PromptAnswer } from './answers.js';

/** A version of the server's as ours. */
export function versionOf(answer: PromptAnswer): PromptVersion {
  const { name, version, labels, tags, commitMessage, createdAt } = answer;
  return {
    name,
    version: String(version),
    body: bodyOf(answer.prompt),
    config: configOf(answer.config ?? {}),
    labels: labels ?? [],
    tags: tags ?? [],
    ...(typeof commitMessage === 'string' ? { message: commitMessage } : {}),
    ...(typeof createdAt === 'string' ? { createdAt } : {}),
  };
}

function bodyOf(prompt: PromptAnswer['prompt']): PromptBody {
  if (typeof prompt === 'string') return { kind: 'text', text: prompt };
  return {
    kind: 'chat',
    messages: prompt.map((message) =>
      'name' in message
        ? { placeholder: message.name }
        : { role: message.role, content: message.content },
    ),
  };
}

/** A config can be any JSON there; what is no object is kept as a member, so that nothing of it is lost. */
function configOf(config: Json): JsonObject {
  return typeof config === 'object' && config !== null && !Array.isArray(config)
    ? (config as JsonObject)
    : { config };
}

/** The body of the request that makes a version. */
export function creation(prompt: PromptToCreate, labels: readonly string[]): JsonObject {
  return {
    name: prompt.name,
    ...wireContent(prompt),
    labels,
    ...(prompt.tags === undefined ? {} : { tags: prompt.tags }),
    ...(prompt.message === undefined ? {} : { commitMessage: wellFormed(prompt.message).text }),
  };
}

function wireContent({ body, config }: PromptContent): JsonObject {
  const settings = wellFormedJson(config).value;
  if (body.kind === 'text') {
    return { type: 'text', prompt: wellFormed(body.text).text, config: settings };
  }
  const messages = body.messages.map((message): JsonObject =>
    'placeholder' in message
      ? { type: 'placeholder', name: message.placeholder }
      : { role: message.role, content: wellFormed(message.content).text },
  );
  return { type: 'chat', prompt: messages, config: settings };
}
