import type { ModelConfig, PromptTargetConfig } from '../contracts/config.js';
import { AssayError } from '../core/errors/assay-error.js';
import { contentHash } from '../core/ids/hash.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { targetImplementations } from '../core/manifest/implementations.js';
import { unknownModel } from '../models/openai-chat.js';
import type { ChatRequest } from '../models/port.js';
import type { Target } from './port.js';
import {
  manifestMessage,
  missingVariables,
  renderMessages,
  type PromptFolder,
} from './prompt-folder.js';

/** A prompt with a model: renders the messages with the item's input and asks the model once. */
export function createPromptTarget(request: {
  name: string;
  config: PromptTargetConfig;
  folder: PromptFolder;
  models: Readonly<Record<string, ModelConfig>>;
}): Target {
  const { name, config, folder, models } = request;
  const modelName = config.model ?? folder.model;
  if (modelName === undefined) {
    throw new AssayError('CONFIG_INVALID', `The target "${name}" names no model.`, {
      mend: 'Set `model` in the target or in its .metadata.yaml.',
    });
  }
  const model = models[modelName];
  if (model === undefined) throw unknownModel(modelName, Object.keys(models));
  const parameters: JsonObject = {
    ...model.parameters,
    ...folder.parameters,
    ...config.parameters,
  };
  const { messages, placeholders, responseSchema, stored, variables } = folder;
  const lacking = (input: JsonObject): string[] => missingVariables(variables, input, placeholders);
  const responseFormat: { responseFormat?: Json } =
    responseSchema === undefined ? {} : { responseFormat: responseSchema.schema };
  const promptConfig: JsonObject = { model: model.model, parameters, ...responseFormat };
  const promptHash = contentHash({ messages, config: promptConfig });
  const requestFor = (input: JsonObject): ChatRequest => ({
    model: modelName,
    messages: renderMessages(messages, input),
    parameters,
    ...(responseSchema === undefined ? {} : { responseSchema }),
  });
  return {
    name,
    planned: { kind: 'chat', requestFor },
    evaluators: config.evaluators,
    missing: lacking,
    prompt: stored === undefined ? undefined : { name, ...stored },
    identity: {
      kind: 'prompt',
      name,
      prompt: messages.map(manifestMessage),
      promptHash,
      model: { provider: model.provider, model: model.model, parameters: { ...parameters } },
      ...responseFormat,
      implementation: targetImplementations.prompt,
    },
    async run(input, context) {
      const missing = lacking(input);
      if (missing.length > 0) {
        throw new AssayError(
          'PROMPT_VARIABLE_MISSING',
          `The item has no ${missing.map((each) => `"${each}"`).join(', ')}, which the prompt uses.`,
        );
      }
      const answer = await context.models.chat({ ...requestFor(input), signal: context.signal });
      // Text that should be JSON and is none stays text: the evaluators say what that is worth.
      return responseSchema === undefined ? answer.text : (answer.json ?? answer.text);
    },
  };
}
