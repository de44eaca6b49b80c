import { z } from 'zod';

import type { EvaluatorFunction } from '../contracts/config.js';
import type { ScoreRecord, ScoreValue } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import { modelIdentities } from '../models/model-identity.js';
import type { Building, Built } from './building.js';
import type { EvaluationInput, EvaluatorContext } from './port.js';
import { cut, scoreComment } from './score-text.js';
import { messageOf } from './thrown.js';

/** Langfuse stores text values of up to 500 characters. */
const longestCategory = 500;

const valueSchema = z.union([
  z.number({ error: 'NaN and infinities are no scores' }),
  z.boolean(),
  z.string().min(1, 'an empty text is no category').max(longestCategory),
]);
const texts = z.array(z.string()).optional();
const resultSchema = z.strictObject({
  name: z.string().optional(),
  value: valueSchema,
  passed: z.boolean().optional(),
  reasoning: z.string().optional(),
  passedItems: texts,
  failedItems: texts,
  suggestions: texts,
});
type Result = z.output<typeof resultSchema>;

/**
 * An evaluator that a team wrote. A number becomes NUMERIC, a truth BOOLEAN (which passes by itself), a text
 * CATEGORICAL; an object brings reasons with it; a list gives several scores; undefined means that it does not apply.
 *
 * A score without a name has the evaluator's own, one named `part` is recorded as `evaluator.part`. Names must be
 * declared in `scores`, so that the manifest and the reports know them; where `scores` has one entry, a result
 * without a name is that one.
 *
 * What it throws becomes EVALUATOR_FAILED with the message cut, the error itself as the cause; errors of Assay (a
 * model that refuses) stay what they are.
 */
export function buildFunction(building: Building<'function'>): Built {
  const { name, config, codeHash, models } = building;
  const { run, required } = config;
  const declared = config.scores ?? [name];
  const recordName = (part: string): string => (part === name ? name : `${name}.${part}`);
  return {
    scoreNames: declared.map(recordName),
    evaluator: {
      name,
      required,
      identity: {
        name,
        kind: config.kind,
        required,
        options: { scores: declared },
        code: codeHash,
        models: modelIdentities(models),
      },
      async evaluate(input, context) {
        const results = readResults(await call({ run, name, input, context }), name);
        const seen = new Set<string>();
        return results.map((result) => {
          const part = partOf({ result, declared, name });
          if (seen.has(part)) throw invalid(name, `it gives two scores named "${part}"`);
          seen.add(part);
          return toScore({ result, name: recordName(part), evaluator: name });
        });
      },
    },
  };
}

async function call(from: {
  run: EvaluatorFunction;
  name: string;
  input: EvaluationInput;
  context: EvaluatorContext;
}): Promise<unknown> {
  const { run, name, input, context } = from;
  try {
    // A copy: what a team's code changes in its arguments must not reach the stored output or the next evaluator.
    return await run(
      {
        input: structuredClone(input.input),
        output: structuredClone(input.output),
        expected: structuredClone(input.expected),
        metadata: structuredClone(input.metadata),
        trace: { traceId: input.trace.traceId },
      },
      {
        signal: context.signal,
        models: {
          async chat(request) {
            const { text, json } = await context.models.chat(request);
            return { text, json };
          },
          async embed(request) {
            const { vectors } = await context.models.embed(request);
            return { vectors };
          },
        },
      },
    );
  } catch (error) {
    context.signal.throwIfAborted();
    if (AssayError.is(error)) throw error;
    throw new AssayError('EVALUATOR_FAILED', `"${name}" threw: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function readResults(returned: unknown, name: string): readonly Result[] {
  if (returned === undefined) return [];
  const list: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  return list.map((entry) => {
    const isBare = typeof entry !== 'object' || entry === null;
    const parsed = resultSchema.safeParse(isBare ? { value: entry } : entry);
    if (parsed.success) return parsed.data;
    const value: unknown = isBare ? entry : (entry as Partial<Result>).value;
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw invalid(name, `its value is ${value}, which is no finite number`);
    }
    const [issue] = parsed.error.issues;
    const where = issue === undefined || isBare ? '' : `${issue.path.join('.')}: `;
    throw invalid(name, `${where}${issue?.message ?? 'it is no score'}`);
  });
}

function partOf(from: { result: Result; declared: readonly string[]; name: string }): string {
  const { result, declared, name } = from;
  const [only] = declared;
  const part = result.name ?? (declared.length === 1 && only !== undefined ? only : name);
  if (declared.includes(part)) return part;
  throw invalid(
    name,
    `it gives a score named "${cut(part, 100)}", which \`scores\` does not declare (${declared.join(', ')})`,
  );
}

function toScore(from: { result: Result; name: string; evaluator: string }): ScoreRecord {
  const { result, name, evaluator } = from;
  const passed = result.passed ?? (typeof result.value === 'boolean' ? result.value : undefined);
  const hasReasons =
    result.reasoning !== undefined ||
    result.passedItems !== undefined ||
    result.failedItems !== undefined ||
    result.suggestions !== undefined;
  const comment = scoreComment({
    reasoning: result.reasoning ?? '',
    passed: result.passedItems ?? [],
    failed: result.failedItems ?? [],
    suggestions: result.suggestions ?? [],
  });
  return {
    name,
    evaluator,
    value: toValue(result.value),
    ...(passed === undefined ? {} : { passed }),
    ...(hasReasons ? { comment } : {}),
  };
}

function toValue(value: number | boolean | string): ScoreValue {
  if (typeof value === 'number') return { type: 'NUMERIC', value };
  if (typeof value === 'boolean') return { type: 'BOOLEAN', value };
  return { type: 'CATEGORICAL', value: value.toWellFormed() };
}

function invalid(name: string, why: string): AssayError {
  return new AssayError('EVALUATOR_RESULT_INVALID', `"${name}" returned no valid score: ${why}.`, {
    mend: 'Return a finite number, a boolean, a text, an object with `value`, a list of these, or undefined.',
  });
}
