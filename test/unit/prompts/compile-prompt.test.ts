import { describe, expect, it } from '@jest/globals';

import type { PromptBody } from '../../../src/contracts/prompt.js';
import { compilePrompt } from '../../../src/prompts/compile-prompt.js';
import { renderMessages } from '../../../src/targets/prompt-folder.js';

const chat = {
  name: 'triage',
  body: {
    kind: 'chat',
    messages: [
      { role: 'system', content: 'You help {{customer.name}}.{{#tone}} Be {{tone}}.{{/tone}}' },
      { placeholder: 'history' },
      { role: 'user', content: '{{text}} {{tags}}' },
    ],
  },
} as const satisfies { name: string; body: PromptBody };
const given = { customer: { name: 'Ann & Bob' }, text: '<b>{{late}}</b>', tags: ['a', 'b'] };
const history = [{ role: 'assistant', content: 'Hello {{text}}' }];

describe('a prompt that an application fills', () => {
  it('is the messages of a target with that input: nothing escaped, lists as JSON, placeholders as they are', () => {
    const messages = compilePrompt(chat, given, { history });
    expect(messages).toEqual([
      { role: 'system', content: 'You help Ann & Bob.' },
      { role: 'assistant', content: 'Hello {{text}}' },
      { role: 'user', content: '<b>{{late}}</b> ["a","b"]' },
    ]);
    expect(renderMessages(chat.body.messages, { ...given, history })).toEqual(messages);
  });

  it('is one message of the user where it is a text', () => {
    const body = { kind: 'text', text: 'Hi {{name}}' } as const;
    expect(compilePrompt({ name: 'hi', body }, { name: 'Ann' })).toEqual([
      { role: 'user', content: 'Hi Ann' },
    ]);
  });

  it('names all that it is not given at once', () => {
    expect(() => compilePrompt(chat, { customer: {} })).toThrow(
      expect.objectContaining({
        code: 'PROMPT_VARIABLE_MISSING',
        message:
          'The prompt "triage" is not given "customer.name", "text", "tags", "history (a list of messages)".',
      }),
    );
  });

  it('that cannot be filled says why', () => {
    const body = { kind: 'text', text: '{{> other}}' } as const;
    expect(() => compilePrompt({ name: 'hi', body })).toThrow(
      expect.objectContaining({ code: 'PROMPT_INVALID' }),
    );
  });
});
