import { AssayError } from '../core/errors/assay-error.js';
import { dollarsFromPico, picoFromDollars } from '../core/money/pico.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { numberScore, scoreComment } from './score-text.js';

/**
 * What the target's calls cost, dollars; judges and vectors are not in it. NUMERIC; passes up to `maxUsd`. Of an output that
 * was taken over from an earlier run, or is judged again, what it cost when it was made. An unknown price is an error and no
 * zero; a target that makes no calls through Assay costs nothing as far as it knows, and the comment says so.
 */
export function buildCost({ name, config }: Building<'cost'>): Built {
  const { maxUsd, required } = config;
  return oneScore({
    name,
    required,
    identity: { name, kind: config.kind, required, options: given({ maxUsd }), sees: ['figures'] },
    evaluate({ target }) {
      const pico = target?.costPico;
      if (pico === undefined) {
        throw new AssayError(
          'EVALUATOR_INPUT_INVALID',
          `"${name}" cannot tell what the cell cost: the price of a call is not known.`,
          { mend: 'Give the model a `price`, or the HTTP target `costPerRequestUsd`.' },
        );
      }
      const dollars = dollarsFromPico(pico);
      // Compared in whole pico-dollars: 0.1 + 0.2 is more than 0.3 in binary.
      const passed = maxUsd === undefined ? undefined : pico <= picoFromDollars(maxUsd);
      const limit = maxUsd === undefined ? '' : `; at most $${maxUsd} are allowed`;
      const none =
        target?.calls?.length === 0 ? ' The target made no call that Assay knows of.' : '';
      const comment = scoreComment({
        reasoning: `The target cost $${dollars}${limit}.${none}`,
        passed: passed === true ? ['cost'] : [],
        failed: passed === false ? ['cost'] : [],
      });
      return [numberScore({ evaluator: name, value: Number(dollars), passed, comment })];
    },
  });
}
