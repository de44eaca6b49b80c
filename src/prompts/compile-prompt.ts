import type { PromptBody } from '../contracts/prompt.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { JsonObject } from '../core/json/json.js';
import { promptVariables } from '../core/prompts/variables.js';
import { lackingVariables, renderPrompt, type RenderedMessage } from './render-prompt.js';

/**
 * Fills a prompt as a target of an experiment would: mustache without escaping, objects and lists as JSON.
 *
 * @param variables by name; what only sections use may be missing.
 * @param placeholders the messages that are put in, by the name of the place.
 * @returns messages for a model; a prompt of the kind text is one of the user.
 * @throws AssayError PROMPT_VARIABLE_MISSING with all names at once; PROMPT_INVALID for templates that cannot be filled.
 */
export function compilePrompt(
  { name, body }: { readonly name: string; readonly body: PromptBody },
  variables: JsonObject = {},
  placeholders: Readonly<Record<string, readonly RenderedMessage[]>> = {},
): readonly RenderedMessage[] {
  const uses = promptVariables(body);
  if (uses.problems.length > 0) {
    throw new AssayError('PROMPT_INVALID', `The prompt "${name}" cannot be filled.`, {
      problems: uses.problems.map((message) => ({ at: name, message })),
    });
  }
  const lists = Object.entries(placeholders).map(([place, messages]) => [
    place,
    messages.map(({ role, content }) => ({ role, content })),
  ]);
  const input: JsonObject = { ...variables, ...(Object.fromEntries(lists) as JsonObject) };
  const lacking = lackingVariables(uses.required, input, { placeholders: uses.placeholders });
  if (lacking.length > 0) {
    throw new AssayError(
      'PROMPT_VARIABLE_MISSING',
      `The prompt "${name}" is not given ${lacking.map((each) => `"${each}"`).join(', ')}.`,
    );
  }
  return renderPrompt(
    body.kind === 'text' ? [{ role: 'user', content: body.text }] : body.messages,
    input,
  );
}
