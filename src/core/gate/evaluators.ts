import type { GatePolicy } from '../../contracts/gate.js';
import type { EvaluatorIdentity } from '../../contracts/manifest.js';
import type { Problem } from '../errors/assay-error.js';
import type { GateEvaluator } from '../regression/types.js';
import { completed, unitWithoutMargin } from './score-facts.js';

/** What is compared, and what is left out of it and why. */
export interface ComparedScores {
  readonly evaluators: readonly GateEvaluator[];
  readonly notes: readonly string[];
}

/**
 * Which scores of two runs are compared. Those of the head's evaluators are; an evaluator that decides must have scores on both
 * sides, so that losing it is never a pass. One that the base never had only informs: there is nothing to lose yet.
 */
export function comparedScores(of: {
  readonly head: readonly EvaluatorIdentity[];
  readonly base: readonly EvaluatorIdentity[];
  /** Names of scores that either side has. */
  readonly scores: Iterable<string>;
  /** Evaluators that mean another thing on the two sides. */
  readonly changed: ReadonlySet<string>;
  readonly policy: GatePolicy;
}): ComparedScores {
  const { policy, changed } = of;
  const head = new Map(of.head.map((each) => [each.name, each]));
  const base = new Set(of.base.map(({ name }) => name));
  const names = new Set(of.scores);
  // One that decides and of which neither side has a score is asked for all the same: that is worth a word.
  for (const { name, required } of of.head) {
    const scored = [...names].some((score) => ownerOf(score, head) === name);
    if (!scored && required && base.has(name)) names.add(name);
  }
  const notes: string[] = [];
  const evaluators = [...names].sort().flatMap((name): GateEvaluator[] => {
    const owner = ownerOf(name, head);
    if (owner === undefined) return [];
    if (changed.has(owner)) {
      notes.push(`"${name}" is not compared: its evaluator is another now.`);
      return [];
    }
    const asked = completed(settingsOf(name, owner, policy), head.get(owner));
    const isNew = !base.has(owner);
    if (isNew) notes.push(`"${name}" does not decide: the base has no such evaluator.`);
    const required = !isNew && (asked.required ?? head.get(owner)?.required ?? true);
    return [{ name, ...asked, required }];
  });
  return { evaluators, notes };
}

/** The evaluator that gave a score: the longest name that the score is, or begins with before a dot. */
function ownerOf(
  score: string,
  evaluators: ReadonlyMap<string, EvaluatorIdentity>,
): string | undefined {
  let found: string | undefined;
  for (const name of evaluators.keys()) {
    const own = score === name || score.startsWith(`${name}.`);
    if (own && name.length > (found?.length ?? -1)) found = name;
  }
  return found;
}

/** What the policy says of a score: of the part before of the evaluator. */
function settingsOf(name: string, owner: string, { evaluators }: GatePolicy) {
  return {
    ...(Object.hasOwn(evaluators, owner) ? evaluators[owner] : {}),
    ...(Object.hasOwn(evaluators, name) ? evaluators[name] : {}),
  };
}

/** Evaluators that decide and whose values are on no scale, so that only people can say which loss of them is acceptable. */
export function marginsNeeded(
  evaluators: readonly EvaluatorIdentity[],
  policy: GatePolicy,
): readonly Problem[] {
  return evaluators.flatMap((evaluator): Problem[] => {
    const { name } = evaluator;
    const asked = settingsOf(name, name, policy);
    if (!(asked.required ?? evaluator.required)) return [];
    const unit = unitWithoutMargin(asked, evaluator);
    if (unit === undefined) return [];
    return [
      {
        at: `settings.evaluators.${name}.margin`,
        message: `is needed: its values are ${unit}, and a share of a scale says nothing of them`,
        mend: `Name the loss of ${unit} that you would accept (--margin-of ${name}=…), or let it inform: required: false.`,
      },
    ];
  });
}

/** Evaluators that a policy names and that give no score of these runs. */
export function unknownEvaluators(
  named: Iterable<string>,
  known: readonly string[],
): readonly string[] {
  return [...named].filter(
    (name) => !known.some((each) => name === each || name.startsWith(`${each}.`)),
  );
}
