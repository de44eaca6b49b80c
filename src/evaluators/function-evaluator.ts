import type { EvaluatorFunction } from '../contracts/config.js';
import { AssayError } from '../core/errors/assay-error.js';
import { modelIdentities } from '../models/model-identity.js';
import { given, severalScores, type Building, type Built } from './building.js';
import { readOwnResults, recordNames, type Declared } from './own-results.js';
import type { EvaluationInput, EvaluatorContext } from './port.js';
import { messageOf } from './thrown.js';

/**
 * An evaluator that a team wrote. A number becomes NUMERIC, a truth BOOLEAN (which passes by itself), a text
 * CATEGORICAL; an object brings reasons with it; a list gives several scores; undefined means that it does not apply. The
 * shape of autoevals, `{ name, score, metadata }`, is taken as well.
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
  const { run, required, passAt } = config;
  const declared: Declared = { name, scores: config.scores ?? [name], passAt };
  return severalScores(
    {
      name,
      required,
      identity: {
        name,
        kind: config.kind,
        required,
        options: given({ scores: declared.scores, passAt }),
        code: codeHash,
        models: modelIdentities(models),
      },
      evaluate: async (input, context) =>
        readOwnResults(await call({ run, name, input, context }), declared),
    },
    recordNames(declared),
  );
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
