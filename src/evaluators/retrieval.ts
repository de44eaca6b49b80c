import type { ScoreRecord } from '../contracts/records.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { given, severalScores, type Building, type Built } from './building.js';
import { readExpected, readOutput } from './judged-value.js';
import { ndcgAt, precisionAt, recallAt, reciprocalRank, type Ranking } from './measures/ranking.js';
import { cut, numberScore, reaches, scoreComment, shown, shownNumber } from './score-text.js';

type RetrievalConfig = Building<'retrieval'>['config'];

/** More ids than this are no ranking that anyone looks at. */
const mostIds = 100_000;

/**
 * How well the output retrieves what is relevant: the ids in the output, best first, against those that the item expects.
 * Several NUMERIC scores in [0, 1], named `name.precision_at_5`, `.recall_at_5`, `.ndcg_at_5` for each cutoff, and `.mrr` (of one item:
 * the reciprocal rank; its mean over items is the MRR). See measures/ranking.ts for the formulas.
 *
 * Relevant ids are a list of ids (binary), a list of `{ id, grade }`, or an object of grades by id; a grade of 0 is not relevant.
 * Does not apply where nothing is relevant, since recall is undefined then. An output without the list retrieved nothing.
 */
export function buildRetrieval({ name, config }: Building<'retrieval'>): Built {
  const { retrieved, relevant, gain, idField, passAt, required } = config;
  const cutoffs = [...new Set([config.k].flat())].sort((a, b) => a - b);
  const metrics = [...new Set(config.metrics)];
  const parts = metrics.flatMap((metric) =>
    metric === 'mrr' ? ['mrr'] : cutoffs.map((k) => `${metric}_at_${k}`),
  );
  const problems = unknownParts({ name, passAt, parts });
  if (problems.length > 0) return { problems };
  const draft = {
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: given({ retrieved, relevant, k: cutoffs, metrics, gain, idField, passAt }),
    },
    evaluate: ({ output, expected }: { output: Json; expected: Json | undefined }) => {
      const wanted = readExpected(expected, relevant);
      const grades = wanted === undefined ? new Map<string, number>() : gradesOf(wanted, config);
      if (grades.size === 0) return [];
      const part = readOutput(output, retrieved);
      const ids = part.found && part.value !== null ? idsOf(part.value, config) : [];
      const ranking: Ranking = { retrieved: ids, relevant: grades };
      const why = part.found ? describe(ranking) : part.reason;
      return metrics.flatMap((metric) =>
        (metric === 'mrr' ? [undefined] : cutoffs).map((k) =>
          score({ name, metric, k, ranking, gain, passAt, why }),
        ),
      );
    },
  };
  return severalScores(
    draft,
    parts.map((part) => `${name}.${part}`),
  );
}

function score(of: {
  name: string;
  metric: RetrievalConfig['metrics'][number];
  k: number | undefined;
  ranking: Ranking;
  gain: RetrievalConfig['gain'];
  passAt: RetrievalConfig['passAt'];
  why: string;
}): ScoreRecord {
  const { name, metric, ranking, gain, passAt, why } = of;
  const k = of.k ?? Infinity;
  const part = of.k === undefined ? metric : `${metric}_at_${of.k}`;
  const label = of.k === undefined ? metric : `${metric}@${of.k}`;
  const value = {
    precision: () => precisionAt(k, ranking),
    recall: () => recallAt(k, ranking),
    mrr: () => reciprocalRank(ranking),
    ndcg: () => ndcgAt(k, { ...ranking, gain }),
  }[metric]();
  const threshold = Object.hasOwn(passAt, part) ? passAt[part] : undefined;
  const first = ranking.retrieved.slice(0, Math.min(k, 50));
  const relevant = [...ranking.relevant.keys()];
  const comment = scoreComment({
    reasoning: `${label} = ${shownNumber(value)}. ${why}`,
    passed: relevant.filter((id) => first.includes(id)),
    failed: relevant.filter((id) => !first.includes(id)),
  });
  const passed = threshold === undefined ? undefined : reaches(value, threshold);
  return numberScore({ evaluator: name, part, value, passed, comment });
}

function describe({ retrieved, relevant }: Ranking): string {
  const ids = (list: readonly string[]): string =>
    list.length === 0 ? 'nothing' : cut(list.slice(0, 10).join(', '), 300);
  const twice = new Set(retrieved).size < retrieved.length ? ' Some ids came twice.' : '';
  return `Retrieved ${ids(retrieved)}; relevant ${ids([...relevant.keys()])}.${twice}`;
}

function gradesOf(value: Json, { idField, relevant }: RetrievalConfig): Map<string, number> {
  const entries: readonly (readonly [string, Json])[] = Array.isArray(value)
    ? (value as readonly Json[]).map((entry) => [
        idOf(entry, { idField, at: relevant }),
        gradeIn(entry),
      ])
    : typeof value === 'object' && value !== null
      ? Object.entries(value as JsonObject)
      : notAList(value, relevant);
  if (entries.length > mostIds) throw tooMany(entries.length, relevant);
  const grades = new Map<string, number>();
  for (const [id, grade] of entries) {
    if (typeof grade !== 'number' || grade < 0) {
      throw invalid(`The grade of ${shown(id)} at ${relevant} is no number from 0 on.`);
    }
    if (grade > 0) grades.set(id, grade);
  }
  return grades;
}

function gradeIn(entry: Json): Json {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 1;
  return (entry as JsonObject)['grade'] ?? 1;
}

function idsOf(value: Json, { idField, retrieved }: RetrievalConfig): readonly string[] {
  if (!Array.isArray(value)) return notAList(value, retrieved);
  if (value.length > mostIds) throw tooMany(value.length, retrieved);
  return (value as readonly Json[]).map((entry) => idOf(entry, { idField, at: retrieved }));
}

function idOf(entry: Json, of: { idField: string; at: string }): string {
  const id =
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? (entry as JsonObject)[of.idField]
      : entry;
  if (typeof id === 'string' || typeof id === 'number') return String(id);
  throw invalid(`${shown(entry)} at ${of.at} is no id and holds none in "${of.idField}".`);
}

function notAList(value: Json, at: string): never {
  throw invalid(`A list of ids is needed at ${at}, not ${shown(value)}.`);
}

const tooMany = (n: number, at: string): AssayError =>
  new AssayError('EVALUATOR_INPUT_TOO_LARGE', `${n} ids at ${at} are more than ${mostIds}.`);

const invalid = (message: string): AssayError =>
  new AssayError('EVALUATOR_INPUT_INVALID', message, {
    mend: 'Point `retrieved` and `relevant` at lists of ids, and name the member with `idField`.',
  });

function unknownParts(of: {
  name: string;
  passAt: RetrievalConfig['passAt'];
  parts: readonly string[];
}): readonly Problem[] {
  const { name, passAt, parts } = of;
  return Object.keys(passAt)
    .filter((part) => !parts.includes(part))
    .map((part) => ({
      at: `evaluators.${name}.passAt.${part}`,
      message: `It gives no score "${cut(part, 100)}".`,
      mend: `Its scores are ${parts.join(', ')}.`,
    }));
}
