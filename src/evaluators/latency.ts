import { AssayError } from '../core/errors/assay-error.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { numberScore, scoreComment, shownNumber } from './score-text.js';

/**
 * How long the target took, milliseconds: of the target alone, without evaluators, queues and retries. NUMERIC; passes up to
 * `maxMs`. Of an output that was taken over from an earlier run, or is judged again, the time that was measured when it was
 * made.
 */
export function buildLatency({ name, config }: Building<'latency'>): Built {
  const { maxMs, required } = config;
  return oneScore({
    name,
    required,
    identity: { name, kind: config.kind, required, options: given({ maxMs }), sees: ['figures'] },
    evaluate({ target }) {
      if (target === undefined) {
        throw new AssayError(
          'EVALUATOR_INPUT_INVALID',
          `"${name}" needs a time that was measured.`,
        );
      }
      const value = Math.max(0, target.latencyMs);
      const passed = maxMs === undefined ? undefined : value <= maxMs;
      const limit = maxMs === undefined ? '' : `; at most ${maxMs} ms are allowed`;
      const comment = scoreComment({
        reasoning: `The target took ${shownNumber(value)} ms${limit}.`,
        passed: passed === true ? ['latency'] : [],
        failed: passed === false ? ['latency'] : [],
      });
      return [numberScore({ evaluator: name, value, passed, comment })];
    },
  });
}
