import { AssayError } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { textOf } from './judged-text.js';
import { pathOption, readExpected, readOutput } from './judged-value.js';
import { readOwnResults } from './own-results.js';
import { scoreComment } from './score-text.js';
import { messageOf } from './thrown.js';

/**
 * A scorer of the autoevals library, or of its shape, as it is: an async function that takes `{ input, output, expected,
 * metadata, …args }` and gives `{ name, score, metadata }`. NUMERIC, in [0, 1] with autoevals; a score of null means that it does
 * not apply; what its metadata says is the score's reasoning.
 *
 * `output` and `expected` are those at `path`; texts and JSON are handed over as they are, except that autoevals' own scorers of
 * text want text: where the expectation is text, the output is made text too. An output with nothing at `path` scores 0. A scorer
 * that calls a model does so with a client of its own: such calls are in no journal, budget or trace of Assay.
 */
export function buildScorer({ name, config, codeHash }: Building<'scorer'>): Built {
  const { path, args, judgeWithoutExpected, passAt, required } = config;
  const run = config.run as (args: Readonly<Record<string, unknown>>) => unknown;
  const declared = { name, scores: [name], passAt };
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: { ...pathOption(path), ...given({ args, judgeWithoutExpected, passAt }) },
      code: codeHash,
      sees: ['metadata'],
    },
    async evaluate({ input, output, expected: whole, metadata }, { signal }) {
      const expected = readExpected(whole, path);
      if (expected === undefined && !judgeWithoutExpected) return [];
      const part = readOutput(output, path);
      if (!part.found) {
        const comment = scoreComment({ reasoning: part.reason });
        return readOwnResults(0, declared).map((score) => ({ ...score, comment }));
      }
      let returned: unknown;
      try {
        // Copies: what a scorer changes in its arguments must not reach the stored output.
        returned = await run({
          ...structuredClone(args),
          input: structuredClone(input),
          output: structuredClone(asWanted(part.value, expected)),
          expected: structuredClone(expected),
          metadata: structuredClone(metadata),
        });
      } catch (error) {
        signal.throwIfAborted();
        if (AssayError.is(error)) throw error;
        const message = `"${name}" threw: ${messageOf(error)}`;
        throw new AssayError('EVALUATOR_FAILED', message, { cause: error });
      }
      return readOwnResults(returned, declared);
    },
  });
}

const asWanted = (output: Json, expected: Json | undefined): Json =>
  typeof expected === 'string' && output !== null ? textOf(output) : output;
