import { wellFormed, wellFormedJson } from '../../core/text/well-formed.js';
import type { PromptToStore } from '../port.js';
import { promptAnswer } from './answers.js';
import type { Rest, RestCall } from './rest.js';

/** Makes sure of prompt versions. */
export interface Prompts {
  readonly ensure: (
    prompt: PromptToStore,
    signal: AbortSignal,
  ) => Promise<{ readonly version: number }>;
}

/**
 * Prompts are found by a label that names their content, since every POST makes a version, equal or not. One name is
 * asked for by one caller at a time, so that two equal prompts of this process cannot both find nothing and both create.
 */
export function createPrompts(rest: Rest): Prompts {
  const last = new Map<string, Promise<unknown>>();
  return {
    ensure: async (prompt, signal) => {
      const before = last.get(prompt.name) ?? Promise.resolve();
      const mine = before.catch(() => undefined).then(() => ensurePrompt(rest, prompt, signal));
      last.set(prompt.name, mine);
      try {
        return await mine;
      } finally {
        if (last.get(prompt.name) === mine) last.delete(prompt.name);
      }
    },
  };
}

async function ensurePrompt(
  rest: Rest,
  prompt: PromptToStore,
  signal: AbortSignal,
): Promise<{ readonly version: number }> {
  const label = `assay-${prompt.contentHash.slice(0, 24)}`;
  const what = `the prompt ${JSON.stringify(prompt.name)}`;
  const byLabel: RestCall = {
    path: `/api/public/v2/prompts/${encodeURIComponent(prompt.name)}`,
    query: { label, resolve: 'false' },
    what,
    signal,
  };
  const found = await rest.find(byLabel, promptAnswer);
  if (found !== undefined) return { version: found.version };

  const create: RestCall = {
    method: 'POST',
    path: '/api/public/v2/prompts',
    body: {
      type: 'chat',
      name: prompt.name,
      prompt: prompt.messages.map(({ role, content }) => ({
        role,
        content: wellFormed(content).text,
      })),
      config: wellFormedJson(prompt.config).value,
      labels: [label],
    },
    what,
    signal,
  };
  const answer = await rest.answer(create);
  if (answer.status === 400 || answer.status === 409) {
    // Two creates of one name at once: one is 201, the others break the unique (name, version).
    const made = await rest.find(byLabel, promptAnswer);
    if (made !== undefined) return { version: made.version };
    const again = await rest.answer(create);
    return { version: rest.parse(again, create, promptAnswer).version };
  }
  return { version: rest.parse(answer, create, promptAnswer).version };
}
