import type { ScoreRecord } from '../contracts/records.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { contentHash } from '../core/ids/hash.js';
import { isAbstention } from '../core/experiment/abstention.js';
import { decisive } from '../core/manifest/cell-identity.js';
import { given, severalScores, type Building, type Built } from './building.js';
import { abstention, judgeScoreNames } from './judge/judge-score.js';
import type { EvaluationInput, Evaluator } from './port.js';
import {
  booleanScore,
  cut,
  numberScore,
  reaches,
  scoreComment,
  shownNumber,
} from './score-text.js';

/** A score that a composite is made of. */
interface Part {
  readonly score: string;
  readonly weight: number;
  readonly evaluator: Evaluator;
}

/**
 * A score made of other scores of the cell, which are judged first.
 *
 * - `weighted_mean`: Σ weight × value ÷ Σ weight, NUMERIC; a truth counts 1 or 0, a category by whether it passed.
 * - `all`, `any`: whether all, or at least one, of them passed; BOOLEAN.
 *
 * Parts that do not apply to the item are left out, weights and all; where none applies, it does not apply either. Where one
 * failed it fails as well, and where one abstained, or was not asked of this cell, it abstains: what is left would be another
 * score, and "all passed" one that nobody said. Its identity holds those of its parts.
 */
export async function buildComposite(building: Building<'composite'>): Promise<Built> {
  const { name, config } = building;
  const { mode, passAt, required } = config;
  const { parts, problems } = await readParts(building);
  if (mode !== 'weighted_mean' && !Array.isArray(config.of)) {
    const message = `Weights mean nothing to "${mode}".`;
    problems.push({ at: `evaluators.${name}.of`, message, mend: 'Give a list of names.' });
  }
  if (mode !== 'weighted_mean' && passAt !== undefined) {
    const message = `"${mode}" gives true or false, which reach no threshold.`;
    problems.push({ at: `evaluators.${name}.passAt`, message, mend: 'Remove it.' });
  }
  if (problems.length > 0) return { problems };
  const sees = [...new Set(parts.flatMap(({ evaluator }) => seenBy(evaluator)))].sort();
  return severalScores(
    {
      name,
      required,
      identity: {
        name,
        kind: config.kind,
        required,
        options: {
          ...given({ mode, passAt }),
          of: Object.fromEntries(
            parts.map(({ score, weight, evaluator }) => [
              score,
              { weight, evaluator: contentHash(decisive(evaluator.identity)) },
            ]),
          ),
        },
        ...(sees.length === 0 ? {} : { sees }),
      },
      parts: [...new Set(parts.map(({ evaluator }) => evaluator.name))],
      evaluate(evaluation) {
        const said = parts.map((part) => ({ ...part, said: saidOf(part, evaluation, name) }));
        const open = said.filter((part) => part.said === 'abstains').map(({ score }) => score);
        if (open.length > 0) {
          const comment = scoreComment({ reasoning: `Nothing is said of ${open.join(', ')}.` });
          return [abstention({ name, comment })];
        }
        const applying = said.flatMap(({ said: record, ...part }) =>
          typeof record === 'string' ? [] : [{ ...part, record }],
        );
        if (applying.length === 0) return [];
        const absent = parts
          .filter((part) => !applying.some(({ score }) => score === part.score))
          .map(({ score }) => score);
        const note = absent.length === 0 ? '' : ` Not applying: ${absent.join(', ')}.`;
        if (mode === 'weighted_mean') return [meanOf({ name, passAt, applying, note })];
        return allOrAny({ name, mode, applying, note });
      },
    },
    judgeScoreNames(name),
  );
}

type Applying = Part & { readonly record: ScoreRecord };

function meanOf(of: {
  name: string;
  passAt: number | undefined;
  applying: readonly Applying[];
  note: string;
}): ScoreRecord {
  const { name, passAt, applying, note } = of;
  const weights = applying.reduce((sum, { weight }) => sum + weight, 0);
  const values = applying.map(({ record, weight, score }) => ({
    score,
    weight,
    value: numberOf(record, name),
    passed: record.passed,
  }));
  const value = values.reduce((sum, part) => sum + part.weight * part.value, 0) / weights;
  const passed = passAt === undefined ? undefined : reaches(value, passAt);
  const terms = values.map((part) => `${part.weight} × ${part.score} ${shownNumber(part.value)}`);
  const comment = scoreComment({
    reasoning: `(${terms.join(' + ')}) ÷ ${shownNumber(weights)} = ${shownNumber(value)}.${note}`,
    passed: values.filter((part) => part.passed === true).map(({ score }) => score),
    failed: values.filter((part) => part.passed === false).map(({ score }) => score),
  });
  return numberScore({ evaluator: name, value, passed, comment });
}

function allOrAny(of: {
  name: string;
  mode: 'all' | 'any';
  applying: readonly Applying[];
  note: string;
}): readonly ScoreRecord[] {
  const { name, mode, applying, note } = of;
  for (const { record } of applying) {
    if (record.passed === undefined) {
      throw new AssayError(
        'EVALUATOR_INPUT_INVALID',
        `"${name}" asks whether "${record.name}" passed, which it does not say.`,
        { mend: 'Give that evaluator a threshold (`passAt`).' },
      );
    }
  }
  const good = applying.filter(({ record }) => record.passed).map(({ score }) => score);
  const bad = applying.filter(({ record }) => !record.passed).map(({ score }) => score);
  const passed = mode === 'all' ? bad.length === 0 : good.length > 0;
  const reasoning = `${good.length} of ${applying.length} passed (${mode} wanted).${note}`;
  const comment = scoreComment({ reasoning, passed: good, failed: bad });
  return booleanScore({ evaluator: name, passed, comment });
}

/** The part's score of this cell, or why there is none. */
function saidOf(
  part: Part,
  { parts }: EvaluationInput,
  name: string,
): ScoreRecord | 'does not apply' | 'abstains' {
  const outcome = parts?.get(part.evaluator.name);
  // As a judge that was not asked: another one may have been when the rest of the cell was judged.
  if (outcome === undefined) return 'abstains';
  if ('failure' in outcome) {
    throw new AssayError(
      'EVALUATOR_FAILED',
      `"${name}" is made of "${part.score}", which failed: ${cut(outcome.failure.message, 300)}`,
    );
  }
  const found = outcome.scores.find((score) => score.name === part.score);
  return found ?? (outcome.scores.some(isAbstention) ? 'abstains' : 'does not apply');
}

function numberOf({ name, value, passed }: ScoreRecord, composite: string): number {
  if (value.type === 'NUMERIC') return value.value;
  if (value.type === 'BOOLEAN') return value.value ? 1 : 0;
  if (passed !== undefined) return passed ? 1 : 0;
  throw new AssayError(
    'EVALUATOR_INPUT_INVALID',
    `"${composite}" cannot count "${name}": a category that says nothing of passing.`,
  );
}

const seenBy = ({ identity }: Evaluator) => [
  ...(identity.sees ?? []),
  ...(identity.kind === 'function' ? (['metadata'] as const) : []),
];

async function readParts(
  building: Building<'composite'>,
): Promise<{ parts: readonly Part[]; problems: Problem[] }> {
  const { name, config, part } = building;
  const wanted: readonly (readonly [score: string, weight: number])[] = Array.isArray(config.of)
    ? config.of.map((score) => [score, 1])
    : Object.entries(config.of);
  const problems: Problem[] = [];
  const parts: Part[] = [];
  const at = `evaluators.${name}.of`;
  if (wanted.length === 0) {
    problems.push({ at, message: 'It is made of nothing.', mend: 'Name at least one score.' });
  }
  for (const [score, weight] of wanted) {
    const found = await part(score);
    const shown = `"${cut(score, 100)}"`;
    if (parts.some((one) => one.score === score)) {
      problems.push({ at, message: `${shown} is named twice.`, mend: 'Name it once.' });
    } else if ('evaluator' in found && found.scoreNames.includes(score)) {
      parts.push({ score, weight, evaluator: found.evaluator });
    } else if ('evaluator' in found) {
      const message = `"${found.evaluator.name}" gives no score ${shown}.`;
      problems.push({ at, message, mend: `Its scores are ${found.scoreNames.join(', ')}.` });
    } else if (found.missing === 'circle') {
      problems.push({ at, message: `${shown} is made of "${name}" in turn.` });
    } else {
      // What is broken is told where it stands, if it is part of the run.
      const message =
        found.missing === 'broken'
          ? `The evaluator of ${shown} has problems of its own.`
          : `No evaluator of the config gives a score ${shown}.`;
      problems.push({ at, message, mend: 'Name an evaluator, or `evaluator.part`.' });
    }
  }
  return { parts, problems };
}
