import { describe, expect, it } from '@jest/globals';

import type { ChatRequest } from '../../../src/models/port.js';
import { build, contextOf, evaluate, scoreOf } from './support.js';

const good = JSON.stringify({
  criteria: [{ criterion: 'Is polite', reasoning: 'r', verdict: 'passed' }],
  suggestions: [],
});

/** Judges with a model that gives these answers in turn. */
async function judgeWith(answers: readonly string[], finishReasons: readonly string[] = []) {
  const asked: ChatRequest[] = [];
  const evaluator = await build({ kind: 'llm_judge', model: 'small', rubric: '- Is polite' });
  const plain = contextOf((request) => {
    asked.push(request);
    return answers[asked.length - 1] ?? 'one answer too many was asked for';
  });
  const context = {
    ...plain,
    models: {
      ...plain.models,
      chat: async (request: ChatRequest) => ({
        ...(await plain.models.chat(request)),
        finishReason: finishReasons[asked.length - 1] ?? 'stop',
      }),
    },
  };
  return { evaluator, context, asked };
}

const errorOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('an answer that is no verdict', () => {
  it('is repaired once, in another request that says what was wrong', async () => {
    const { evaluator, context, asked } = await judgeWith(['All good!', good]);
    const score = await scoreOf(evaluator, { output: 'Hello' }, context);
    expect(score).toMatchObject({ name: 'it', value: { value: 1 } });
    expect(asked).toHaveLength(2);
    const [first, second] = asked;
    expect(second?.messages.slice(0, 2)).toEqual(first?.messages);
    expect(second?.messages[2]).toEqual({ role: 'assistant', content: 'All good!' });
    expect(second?.messages[3]?.content).toContain('is no verdict');
    expect(second?.responseSchema).toEqual(first?.responseSchema);
    expect(second?.signal).toBe(context.signal);
  });

  it('is an error after the second, with both answers as they came', async () => {
    const { evaluator, context, asked } = await judgeWith(['All good!', '{"criteria": []}', good]);
    expect(await errorOf(evaluate(evaluator, { output: 'x' }, context))).toMatchObject({
      code: 'JUDGE_VERDICT_INVALID',
      message: expect.stringContaining('judges 0 criteria, the rubric has 1'),
      problems: [
        { at: 'answer', message: 'All good!' },
        { at: 'repaired answer', message: '{"criteria": []}' },
      ],
    });
    expect(asked).toHaveLength(2);
  });

  it('is repaired where it was cut off at the token limit', async () => {
    const { evaluator, context } = await judgeWith(['{"criteria": [{"cri', good], ['length']);
    expect((await scoreOf(evaluator, { output: 'x' }, context)).name).toBe('it');
  });

  it('is not asked for again where the provider withheld it', async () => {
    const { evaluator, context, asked } = await judgeWith(['', good], ['content_filter']);
    expect(await errorOf(evaluate(evaluator, { output: 'x' }, context))).toMatchObject({
      code: 'JUDGE_VERDICT_INVALID',
      problems: [{ at: 'answer', message: '(no text)' }],
    });
    expect(asked).toHaveLength(1);
  });

  it('goes back cut, and never empty', async () => {
    const long = await judgeWith(['x'.repeat(100_000), good]);
    await scoreOf(long.evaluator, { output: 'x' }, long.context);
    expect(long.asked[1]?.messages[2]?.content).toHaveLength(4_000);
    const empty = await judgeWith(['', good]);
    await scoreOf(empty.evaluator, { output: 'x' }, empty.context);
    expect(empty.asked[1]?.messages[2]?.content).toBe('(no text)');
  });

  it('does not hide an error of the model', async () => {
    const { evaluator, context } = await judgeWith([]);
    const refusing = {
      ...context,
      models: { ...context.models, chat: () => Promise.reject(new Error('the model is away')) },
    };
    expect(await errorOf(evaluate(evaluator, { output: 'x' }, refusing))).toMatchObject({
      code: 'EVALUATOR_FAILED',
      message: expect.stringContaining('the model is away'),
    });
  });
});
