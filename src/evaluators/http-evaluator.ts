import { AssayError } from '../core/errors/assay-error.js';
import type { ErrorCode } from '../core/errors/catalogue.js';
import type { JsonObject } from '../core/json/json.js';
import { addressIdentity, headerIdentity } from '../core/manifest/http-identity.js';
import { given, severalScores, type Building, type Built } from './building.js';
import { parseJson } from './judged-value.js';
import { readOwnResults, recordNames, type Declared } from './own-results.js';
import type { EvaluationInput } from './port.js';

/**
 * An evaluator behind an HTTP endpoint: POST `{ input, output, expected, metadata }` (`expected` is left out where nothing is
 * expected), answered with JSON: a score as a function evaluator returns it, a list of them, or null where it does not apply.
 *
 * The request goes out as those of HTTP targets do: through the guarded agent and the journal, once for each output, with the
 * run's retries and the provider's rate; its price, where it has one, counts as judge cost.
 */
export function buildHttp({ name, config }: Building<'http'>): Built {
  const { url, headers, timeoutMs, maxBytes, costPerRequestUsd, passAt, required } = config;
  const declared: Declared = { name, scores: config.scores ?? [name], passAt };
  const cost = costPerRequestUsd === undefined ? {} : { costPerRequestUsd };
  return severalScores(
    {
      name,
      required,
      identity: {
        name,
        kind: config.kind,
        required,
        options: given({
          url: addressIdentity(url),
          headers: headerIdentity(headers),
          scores: declared.scores,
          passAt,
        }),
        sees: ['metadata'],
      },
      plannedHttp: cost,
      async evaluate(evaluation, { http, signal }) {
        if (http === undefined) throw new AssayError('INTERNAL', 'Nobody calls HTTP here.');
        const answer = await http
          .request({
            name,
            url,
            method: 'POST',
            headers,
            body: bodyOf(evaluation),
            timeoutMs,
            maxBytes,
            signal,
            ...cost,
          })
          .catch((error: unknown) => {
            throw asEvaluatorError(error);
          });
        const json = parseJson(answer);
        if (json === undefined) {
          throw new AssayError(
            'EVALUATOR_RESULT_INVALID',
            `"${name}" answered with something that is no JSON.`,
            { mend: 'Answer with a score as JSON, such as { "value": 0.8, "passed": true }.' },
          );
        }
        // JSON has no undefined.
        return json === null ? [] : readOwnResults(json, declared);
      },
    },
    recordNames(declared),
  );
}

function bodyOf({ input, output, expected, metadata }: EvaluationInput): JsonObject {
  return { input, output, ...(expected === undefined ? {} : { expected }), metadata };
}

// The way out is that of targets, and so are the names of its errors.
const codes: Readonly<Partial<Record<ErrorCode, ErrorCode>>> = {
  TARGET_TIMEOUT: 'EVALUATOR_TIMEOUT',
  TARGET_FAILED: 'EVALUATOR_FAILED',
  TARGET_OUTPUT_INVALID: 'EVALUATOR_RESULT_INVALID',
};

function asEvaluatorError(error: unknown): unknown {
  // A known wait is obeyed by the cell, whatever its name.
  if (!AssayError.is(error) || error.retryAfterMs !== undefined) return error;
  const code = codes[error.code];
  return code === undefined ? error : new AssayError(code, error.message, { cause: error });
}
