import {
  evaluatorConfigSchema,
  type EvaluatorConfig,
  type ModelConfig,
} from '../../../src/contracts/config.js';
import type { ScoreRecord } from '../../../src/contracts/records.js';
import type { Json, JsonObject } from '../../../src/core/json/json.js';
import { buildEvaluators } from '../../../src/evaluators/build-evaluators.js';
import type {
  Evaluator,
  EvaluatorContext,
  PartOutcome,
  TargetFigures,
} from '../../../src/evaluators/port.js';
import type { ThreadPool } from '../../../src/evaluators/threads/thread-pool.js';
import type { ChatRequest } from '../../../src/models/port.js';

export const codeHash = 'c'.repeat(64);

export const models: Record<string, ModelConfig> = {
  small: {
    model: 'gpt-4o-mini',
    apiKey: 'env:OPENAI_API_KEY',
    provider: 'openai',
    parameters: { seed: 1, temperature: 1 },
    timeoutMs: 60_000,
  },
};

/** A config with its defaults, as the real schema fills them in. */
export const parse = (config: object): EvaluatorConfig => evaluatorConfigSchema.parse(config);

/** Builds one evaluator named `it`. */
export async function build(
  config: object,
  options: {
    threads?: ThreadPool;
    readText?: (path: string) => Promise<string>;
    /** More of the config, for one that is made of others. */
    others?: Readonly<Record<string, object>>;
  } = {},
): Promise<Evaluator> {
  const others = Object.entries(options.others ?? {}).map(([name, one]) => [name, parse(one)]);
  const [evaluator] = await buildEvaluators({
    configs: { ...(Object.fromEntries(others) as object), it: parse(config) },
    names: ['it'],
    models,
    codeHash,
    readText: options.readText ?? (() => Promise.reject(new Error('no file'))),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  if (evaluator === undefined) throw new Error('nothing was built');
  return evaluator;
}

export interface Case {
  readonly output: Json;
  readonly expected?: Json;
  readonly input?: JsonObject;
  readonly metadata?: JsonObject;
  readonly target?: TargetFigures;
  readonly parts?: ReadonlyMap<string, PartOutcome>;
}

/** The value of the only score, whether it passed, and whether it applied at all. */
export async function said(
  config: object,
  one: Case,
  context?: EvaluatorContext,
): Promise<readonly [value: number | boolean | string, passed: boolean | undefined] | 'nothing'> {
  const [score, ...more] = await evaluate(await build(config), one, context);
  if (more.length > 0) throw new Error('more than one score');
  return score === undefined ? 'nothing' : [score.value.value, score.passed];
}

/** A context whose model refuses to be called, unless the test brings an answer. */
export function contextOf(
  answer?: (request: ChatRequest) => string,
  signal: AbortSignal = new AbortController().signal,
): EvaluatorContext {
  return {
    signal,
    models: {
      embed: () => Promise.reject(new Error('no vectors were expected')),
      chat: (request) => {
        if (answer === undefined) return Promise.reject(new Error('no model call was expected'));
        const text = answer(request);
        let json: Json | undefined;
        try {
          json = JSON.parse(text) as Json;
        } catch {
          json = undefined;
        }
        return Promise.resolve({
          text,
          json,
          finishReason: 'stop',
          record: {
            path: 'judge:it/call/1',
            kind: 'chat',
            purpose: 'judge',
            provider: 'openai',
            model: 'gpt-4o-mini',
            parameters: {},
            input: null,
            startedAt: '2026-01-01T00:00:00.000Z',
            endedAt: '2026-01-01T00:00:01.000Z',
          },
        });
      },
    },
  };
}

export function evaluate(
  evaluator: Evaluator,
  one: Case,
  context: EvaluatorContext = contextOf(),
): Promise<readonly ScoreRecord[]> {
  return evaluator.evaluate(
    {
      input: one.input ?? {},
      output: one.output,
      expected: one.expected,
      metadata: one.metadata ?? {},
      trace: { traceId: '0'.repeat(32) },
      ...(one.target === undefined ? {} : { target: one.target }),
      ...(one.parts === undefined ? {} : { parts: one.parts }),
    },
    context,
  );
}

/** The only score of a case. */
export async function scoreOf(
  evaluator: Evaluator,
  one: Case,
  context?: EvaluatorContext,
): Promise<ScoreRecord> {
  const scores = await evaluate(evaluator, one, context);
  const [score] = scores;
  if (score === undefined || scores.length > 1) throw new Error(`${scores.length} scores`);
  return score;
}
