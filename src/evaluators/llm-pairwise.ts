import type { EvaluatorIdentity } from '../contracts/manifest.js';
import type { JudgeMark, PairPreference, ScoreRecord } from '../contracts/records.js';
import { jsonEqual, type Json, type JsonObject } from '../core/json/json.js';
import { parsePointer, resolvePointer } from '../core/json/pointer.js';
import type { ChatRequest } from '../models/port.js';
import type { Building, Built } from './building.js';
import { abstention, judgeMark, judgeScoreNames } from './judge/judge-score.js';
import {
  comparisonHash,
  comparisonMessages,
  comparisonSchema,
  preferenceOf,
  readComparison,
  type ComparedCase,
  type Comparison,
} from './judge/pairwise-prompt.js';
import type { JudgePrompt } from './judge/prompt.js';
import { askWithRepair } from './judge/repair.js';
import { readSource, type JudgeSource } from './judge/source.js';
import { pathOption, readExpected, readOutput } from './judged-value.js';
import type { EvaluationInput, EvaluatorContext } from './port.js';
import { cut, scoreComment } from './score-text.js';

type PairwiseBuilding = Building<'llm_pairwise'>;

/**
 * A model that compares the output with another one of the same input. NUMERIC: 1 where it is preferred, 0.5 for a tie, 0
 * where the other is; passed from `passAt` on.
 *
 * Each pair is judged in both orders, two calls: a judge that changes its mind with the order has said nothing about the
 * outputs, which is a tie or an abstention. Equal outputs are a tie without a call; an output with nothing at `path` loses
 * without one. Does not apply where there is nothing to compare with.
 */
export async function buildPairwise(building: PairwiseBuilding): Promise<Built> {
  const source = await readSource(building);
  const problems = [...('problems' in source ? source.problems : [])];
  if (parsePointer(building.config.other) === undefined) {
    const message = `${JSON.stringify(cut(building.config.other, 100))} is no JSON pointer.`;
    problems.push({ at: `evaluators.${building.name}.other`, message });
  }
  if ('problems' in source || problems.length > 0) return { problems };
  return pairwiseOf(building, source);
}

function pairwiseOf({ name, config }: PairwiseBuilding, source: JudgeSource): Built {
  const { path, passAt, required, mayAbstain, background, other, onDisagreement } = config;
  const { rubric, anchors, judge, model } = source;
  const prompt: JudgePrompt = { rubric, background, mayAbstain };
  const hash = comparisonHash(prompt);
  const mark = judgeMark(model, hash);
  const identity: EvaluatorIdentity = {
    name,
    kind: config.kind,
    required,
    options: {
      ...pathOption(path),
      ...(background === undefined ? {} : { background }),
      passAt,
      other,
      onDisagreement,
      mayAbstain,
      prompt: hash,
    },
    judge,
  };
  const requestFor = (compared: ComparedCase): ChatRequest => ({
    model: config.model,
    messages: comparisonMessages(prompt, compared),
    parameters: config.parameters,
    responseSchema: { name: 'comparison', schema: comparisonSchema(mayAbstain) },
  });
  const score = (outcome: Outcome): ScoreRecord => outcomeScore(outcome, { name, passAt, mark });
  return {
    scoreNames: judgeScoreNames(name),
    evaluator: {
      name,
      required,
      identity,
      ...(anchors.length === 0 ? {} : { anchors }),
      callsPerOutput: 2,
      planned({ output, ...rest }) {
        const pair = pairOf(rest, { other, path });
        if (pair === undefined) return undefined;
        const { other: second, ...shown } = pair;
        const part = readOutput(output, path);
        return requestFor({ ...shown, first: part.found ? part.value : output, second });
      },
      plannedAnchors: () =>
        anchors.flatMap(({ input, output, expected }) => {
          const pair = pairOf({ input, expected }, { other, path });
          const part = readOutput(output, path);
          if (pair === undefined || !part.found || jsonEqual(part.value, pair.other)) return [];
          const { other: second, ...shown } = pair;
          return [
            requestFor({ ...shown, first: part.value, second }),
            requestFor({ ...shown, first: second, second: part.value }),
          ];
        }),
      async evaluate(evaluation, context) {
        const pair = pairOf(evaluation, { other, path });
        if (pair === undefined) return [];
        const part = readOutput(evaluation.output, path);
        if (!part.found) return [score({ preferred: 'other', reasoning: part.reason })];
        if (jsonEqual(part.value, pair.other)) {
          return [score({ preferred: 'tie', reasoning: 'Both are the same.' })];
        }
        const asked = { output: part.value, pair, context, requestFor, mayAbstain };
        return [score(combined(await bothOrders(asked), onDisagreement))];
      },
    },
  };
}

/** What an output is compared with, and what of the item is shown beside the two. */
interface Pair {
  readonly input: JsonObject;
  readonly expected?: Json | undefined;
  readonly other: Json;
}

/** Undefined where the item has nothing to compare with. */
function pairOf(
  { input, expected }: Pick<EvaluationInput, 'input' | 'expected'>,
  of: { readonly other: string; readonly path: string | undefined },
): Pair | undefined {
  const [root, member, ...deeper] = parsePointer(of.other) ?? [];
  const document: JsonObject = { input, ...(expected === undefined ? {} : { expected }) };
  const found = resolvePointer(document, of.other);
  if (found === undefined) return undefined;
  // What is expected as a whole stands where the whole output would: the same part of both is compared.
  const isWhole = root === 'expected' && member === undefined;
  const other = isWhole ? readExpected(found, of.path) : found;
  if (other === undefined) return undefined;
  if (root === 'expected') return { input, other };
  const wanted = readExpected(expected, of.path);
  // Shown among the inputs as well, it would be the one with a name.
  const rest =
    member === undefined || deeper.length > 0
      ? input
      : Object.fromEntries(Object.entries(input).filter(([key]) => key !== member));
  return { input: rest, expected: wanted, other };
}

/** The output in first place, and in second. */
type Orders = readonly [Comparison, Comparison];

async function bothOrders(ask: {
  readonly output: Json;
  readonly pair: Pair;
  readonly context: EvaluatorContext;
  readonly requestFor: (compared: ComparedCase) => ChatRequest;
  readonly mayAbstain: boolean;
}): Promise<Orders> {
  const { output, pair, context, requestFor, mayAbstain } = ask;
  const { other, ...shown } = pair;
  const { models, signal } = context;
  const compare = (first: Json, second: Json): Promise<Comparison> =>
    askWithRepair({ models, request: requestFor({ ...shown, first, second }), signal }, (answer) =>
      readComparison(answer, mayAbstain),
    );
  // Both are waited for: one that is left behind would be paid for after its cell has ended.
  const [one, two] = await Promise.allSettled([compare(output, other), compare(other, output)]);
  if (one.status === 'rejected') throw one.reason;
  if (two.status === 'rejected') throw two.reason;
  return [one.value, two.value];
}

/** What came of a pair. */
interface Outcome {
  /** Undefined where the judge abstains. */
  readonly preferred: 'output' | 'other' | 'tie' | undefined;
  readonly reasoning: string;
  readonly orders?: readonly PairPreference[];
}

function combined([one, two]: Orders, onDisagreement: 'tie' | 'abstain'): Outcome {
  const orders = [preferenceOf(one, 'first'), preferenceOf(two, 'second')] as const;
  const [first, second] = orders;
  const reasoning = [
    `Output first: ${preferenceText[first]}: ${cut(one.reasoning, 1_000)}`,
    `Output second: ${preferenceText[second]}: ${cut(two.reasoning, 1_000)}`,
  ];
  if (first === 'cannot_tell' || second === 'cannot_tell') {
    return { preferred: undefined, reasoning: reasoning.join('\n'), orders };
  }
  if (first === second) return { preferred: first, reasoning: reasoning.join('\n'), orders };
  const preferred = onDisagreement === 'tie' ? 'tie' : undefined;
  const why = `The verdict changes with the order, which is ${preferred ?? 'no verdict'}.`;
  return { preferred, reasoning: [why, ...reasoning].join('\n'), orders };
}

const preferenceText: Readonly<Record<PairPreference, string>> = {
  output: 'prefers the output',
  other: 'prefers the other',
  tie: 'a tie',
  cannot_tell: 'cannot tell',
};

const values = { output: 1, tie: 0.5, other: 0 } as const;
const items = {
  output: 'preferred to the other',
  tie: 'as good as the other',
  other: 'the other is preferred',
} as const;

function outcomeScore(
  { preferred, reasoning, orders }: Outcome,
  of: { readonly name: string; readonly passAt: number; readonly mark: JudgeMark },
): ScoreRecord {
  const { name, passAt } = of;
  const judge = orders === undefined ? of.mark : { ...of.mark, orders };
  if (preferred === undefined) {
    return abstention({ name, comment: { ...scoreComment({ reasoning }), judge } });
  }
  const score = values[preferred];
  const passed = score >= passAt - 1e-9;
  const list = [items[preferred]];
  const comment = scoreComment({ reasoning, ...(passed ? { passed: list } : { failed: list }) });
  return {
    name,
    evaluator: name,
    value: { type: 'NUMERIC', value: score },
    passed,
    comment: { ...comment, score, judge },
  };
}
