import type { EvaluatorIdentity } from '../contracts/manifest.js';
import type { Problem } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { parsePointer, resolvePointer } from '../core/json/pointer.js';
import type { ChatRequest } from '../models/port.js';
import type { Building, Built } from './building.js';
import {
  judgeMark,
  judgeScoreNames,
  unasked,
  verdictScore,
  type Scoring,
} from './judge/judge-score.js';
import {
  judgeMessages,
  promptHash,
  verdictSchema,
  type JudgedCase,
  type JudgePrompt,
} from './judge/prompt.js';
import { askWithRepair } from './judge/repair.js';
import { readSource, type JudgeSource } from './judge/source.js';
import { readVerdict, type Verdict } from './judge/verdict.js';
import { pathOption, readExpected, readOutput } from './judged-value.js';
import type { EvaluationInput, PlannedEvaluation } from './port.js';

type JudgeBuilding = Building<'llm_judge'>;

/**
 * A model that judges the output by a rubric. NUMERIC: the share of criteria that passed; passed from `passAt` on.
 *
 * One call per output, through the journal, and one more where its answer is no verdict. The item's input is shown, `path`
 * points into output and expected value. An output with nothing at `path` fails every criterion without a call. Where the
 * judge cannot tell, it gives no score but one named `<name>.abstained`. What the model is asked is in `judge/prompt.ts`; the
 * output is shown between tags that it cannot close, and is never obeyed.
 */
export async function buildJudge(building: JudgeBuilding): Promise<Built> {
  const source = await readSource(building);
  const problems = [...('problems' in source ? source.problems : []), ...pointerProblems(building)];
  if ('problems' in source || problems.length > 0) return { problems };
  return judgeOf(building, source);
}

function judgeOf({ name, config }: JudgeBuilding, source: JudgeSource): Built {
  const { path, passAt, required, mayAbstain, minDecided, background, contextPath } = config;
  const { rubric, builtIn, anchors, judge, model } = source;
  const reference = config.reference ?? builtIn?.reference ?? 'optional';
  const prompt: JudgePrompt = { rubric, background, mayAbstain };
  const hash = promptHash(prompt);
  const schema = verdictSchema(mayAbstain);
  const scoring: Scoring = { name, passAt, minDecided, mark: judgeMark(model, hash) };
  const identity: EvaluatorIdentity = {
    name,
    kind: config.kind,
    required,
    options: {
      ...pathOption(path),
      ...(contextPath === undefined ? {} : { contextPath }),
      ...(background === undefined ? {} : { background }),
      passAt,
      reference,
      mayAbstain,
      minDecided,
      prompt: hash,
    },
    judge,
  };
  const requestFor = (judged: JudgedCase): ChatRequest => ({
    model: config.model,
    messages: judgeMessages(prompt, judged),
    parameters: config.parameters,
    responseSchema: { name: 'verdict', schema },
  });
  const caseOf = ({ input, expected }: Pick<EvaluationInput, 'input' | 'expected'>) => {
    const wanted = readExpected(expected, path);
    return {
      applies: wanted !== undefined || reference !== 'required',
      expected: reference === 'none' ? undefined : wanted,
      ...shownInput(input, contextPath),
    };
  };
  const planned = ({ output, ...rest }: PlannedEvaluation): ChatRequest | undefined => {
    const { applies, ...shown } = caseOf(rest);
    if (!applies || (contextPath !== undefined && shown.context === undefined)) return undefined;
    const part = readOutput(output, path);
    return requestFor({ ...shown, output: part.found ? part.value : output });
  };
  return {
    scoreNames: judgeScoreNames(name),
    evaluator: {
      name,
      required,
      identity,
      ...(anchors.length === 0 ? {} : { anchors }),
      planned,
      plannedAnchors: () =>
        anchors.flatMap(({ input, output, expected }) =>
          // One with nothing at the path fails without a call.
          readOutput(output, path).found ? (planned({ input, output, expected }) ?? []) : [],
        ),
      async evaluate(evaluation, { models, signal }) {
        const { applies, ...shown } = caseOf(evaluation);
        if (!applies) return [];
        const part = readOutput(evaluation.output, path);
        if (!part.found) return [verdictScore(nothingToJudge(prompt, part.reason), scoring)];
        if (contextPath !== undefined && shown.context === undefined) {
          return [unasked(`The item's input has nothing at ${contextPath}.`, scoring)];
        }
        const request = requestFor({ ...shown, output: part.value });
        const verdict = await askWithRepair({ models, request, signal }, (answer) =>
          readVerdict(answer, { criteria: rubric.criteria, mayAbstain }),
        );
        return [verdictScore(verdict, scoring)];
      },
    },
  };
}

/** The input and what of it is the source; a member that is shown as the source is not shown twice. */
function shownInput(
  input: JsonObject,
  contextPath: string | undefined,
): { readonly input: JsonObject; readonly context?: Json } {
  if (contextPath === undefined) return { input };
  const context = resolvePointer(input, contextPath);
  if (context === undefined) return { input };
  const tokens = parsePointer(contextPath) ?? [];
  const [member] = tokens;
  if (member === undefined || tokens.length > 1) return { input, context };
  return {
    input: Object.fromEntries(Object.entries(input).filter(([key]) => key !== member)),
    context,
  };
}

function pointerProblems({ name, config }: JudgeBuilding): readonly Problem[] {
  const { contextPath } = config;
  if (contextPath === undefined || parsePointer(contextPath) !== undefined) return [];
  const message = `${JSON.stringify(contextPath.slice(0, 100))} is no JSON pointer.`;
  const mend = 'Begin it with "/"; write "~" as ~0 and "/" inside a key as ~1.';
  return [{ at: `evaluators.${name}.contextPath`, message, mend }];
}

const nothingToJudge = ({ rubric }: JudgePrompt, reasoning: string): Verdict => ({
  criteria: rubric.criteria.map((criterion) => ({ criterion, decision: 'failed', reasoning })),
  suggestions: [],
});
