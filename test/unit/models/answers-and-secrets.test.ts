import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { parseCompletion, usageOf } from '../../../src/models/chat-answer.js';
import { createCellCalls } from '../../../src/models/cell-calls.js';
import { resolveSecret } from '../../../src/models/secrets.js';

const answer = (change: object = {}, message: object = { content: 'hi' }): Buffer =>
  Buffer.from(JSON.stringify({ choices: [{ finish_reason: 'length', message }], ...change }));

describe('a chat completion', () => {
  it('is read with its text, reason and usage, what the provider does not say being absent', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 3 },
    };
    expect(parseCompletion(answer({ usage }))).toEqual({
      text: 'hi',
      json: undefined,
      toolCalls: [],
      finishReason: 'length',
      usage: { inputTokens: 10, outputTokens: 5, cachedInputTokens: 4, reasoningTokens: 3 },
    });
    const bare = { prompt_tokens: 1, completion_tokens: 2, prompt_tokens_details: null };
    expect(usageOf(answer({ usage: bare }))).toEqual({ inputTokens: 1, outputTokens: 2 });
    expect(usageOf(answer({ usage: null }))).toBeUndefined();
    expect(usageOf(Buffer.from('garbage'))).toBeUndefined();
  });

  it.each([
    ['plain JSON', '{"a":1}', { a: 1 }],
    ['JSON in a fence', '```json\n{"a":1}\n```', { a: 1 }],
    ['JSON in a nameless fence with white space', '\n ```\n[1]\n```  \n', [1]],
    ['a number', '5', 5],
    ['null', 'null', null],
    ['prose', 'It is a bug.', undefined],
    ['prose around a fence', 'Here:\n```json\n{}\n```', undefined],
    ['nothing', '', undefined],
  ])('has the JSON of its text: %s', (_what, text, json) => {
    expect(parseCompletion(answer({}, { content: text })).json).toEqual(json);
  });

  it('has the refusal as its text where there is no content', () => {
    expect(parseCompletion(answer({}, { content: null, refusal: 'No.' })).text).toBe('No.');
    expect(parseCompletion(answer({}, { content: null, tool_calls: [] })).text).toBe('');
  });

  it('keeps NUL and half surrogate pairs of its text', () => {
    const body = Buffer.from('{"choices":[{"message":{"content":"a\\u0000b\\ud83dc"}}]}');
    expect(parseCompletion(body).text).toBe('a\u0000b\ud83dc');
  });

  it.each([
    ['no JSON', '<html>'],
    ['an error', '{"error":{"message":"x"}}'],
    ['no choice', '{"choices":[]}'],
    ['a content that is no text', '{"choices":[{"message":{"content":{"a":1}}}]}'],
    ['nothing', ''],
    ['null', 'null'],
  ])('is refused where it is %s', (_what, text) => {
    expect(() => parseCompletion(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'MODEL_ANSWER_INVALID' }),
    );
  });

  it('never fails in another way, whatever bytes come', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          try {
            expect(typeof parseCompletion(Buffer.from(bytes)).text).toBe('string');
          } catch (error) {
            expect(error).toMatchObject({ code: 'MODEL_ANSWER_INVALID' });
          }
        },
      ),
    );
  });
});

describe('the calls of a cell', () => {
  it('count equal requests and name their places by scope, each from 1', () => {
    const calls = createCellCalls();
    expect([calls.occurrence('a'), calls.occurrence('b'), calls.occurrence('a')]).toEqual([
      1, 1, 2,
    ]);
    expect(['target', 'judge:tone', 'target'].map((scope) => calls.nextPath(scope))).toEqual([
      'target/call/1',
      'judge:tone/call/1',
      'target/call/2',
    ]);
  });

  it('count retries of the target only, and none for an answer that was replayed', () => {
    const calls = createCellCalls();
    calls.noteAttempts('target', 3);
    calls.noteAttempts('target', 0);
    calls.noteAttempts('target', 1);
    calls.noteAttempts('judge', 5);
    expect(calls.targetRetries).toBe(2);
  });
});

describe('a secret', () => {
  it('is read at the call, from the given environment', () => {
    expect(resolveSecret('env:KEY', { KEY: 'sk-1' })).toBe('sk-1');
    expect(resolveSecret('Bearer x', {})).toBe('Bearer x');
  });

  it('that is not set is named by its variable and nothing else', () => {
    for (const environment of [{}, { KEY: '' }, { OTHER: 'sk-other' }]) {
      expect(() => resolveSecret('env:KEY', environment)).toThrow(
        expect.objectContaining({
          code: 'ENVIRONMENT_INVALID',
          message: 'The variable KEY is not set.',
          problems: [expect.objectContaining({ at: 'KEY' })],
        }),
      );
    }
    expect(() => resolveSecret('env:constructor', {})).toThrow('constructor is not set');
  });
});
