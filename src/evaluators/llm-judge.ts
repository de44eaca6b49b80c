import type { ScoreRecord } from '../contracts/records.js';
import type { ModelIdentity } from '../contracts/manifest.js';
import type { Problem } from '../core/errors/assay-error.js';
import { modelIdentity } from '../models/model-identity.js';
import { oneScore, type Building, type Built } from './building.js';
import type { ChatRequest } from '../models/port.js';
import { judgeMessages, promptHash, verdictSchema, type JudgedCase } from './judge/prompt.js';
import { mostCriteria, readRubric, type Rubric } from './judge/rubric.js';
import { readVerdict, type Verdict } from './judge/verdict.js';
import { pathOption, readExpected, readOutput } from './judged-value.js';
import { cut, scoreComment } from './score-text.js';
import { messageOf } from './thrown.js';

type JudgeBuilding = Building<'llm_judge'>;

const longestRubric = 20_000;

/**
 * A model that judges the output by a rubric. NUMERIC: the share of criteria that passed; passed from `passAt` on.
 *
 * One call per output, through the journal. The item's input is always shown, `path` points into output and expected
 * value. An output with nothing at `path` fails every criterion without a call. What the model is asked is in
 * `judge/prompt.ts`; the output is shown between tags that it cannot close, and is never obeyed.
 */
export async function buildJudge(building: JudgeBuilding): Promise<Built> {
  const { name, config, models } = building;
  const problems: Problem[] = [];
  const model = models[config.model];
  if (model === undefined) problems.push(unknownModel(building));
  const text = await rubricText(building);
  if (typeof text !== 'string') problems.push(text);
  const rubric = typeof text === 'string' ? readRubric(text) : undefined;
  if (rubric !== undefined && rubric.criteria.length > mostCriteria) {
    const message = `The rubric has ${rubric.criteria.length} criteria; a judge takes ${mostCriteria}.`;
    problems.push({ at: `evaluators.${name}`, message, mend: 'Split it into two evaluators.' });
  }
  if (
    model === undefined ||
    typeof text !== 'string' ||
    rubric === undefined ||
    problems.length > 0
  ) {
    return { problems };
  }
  return judgeOf({
    building,
    rubric,
    judge: {
      rubric: text,
      model: {
        ...modelIdentity(model),
        parameters: { ...model.parameters, ...config.parameters },
      },
    },
  });
}

function judgeOf(from: {
  building: JudgeBuilding;
  rubric: Rubric;
  judge: { rubric: string; model: ModelIdentity };
}): Built {
  const { rubric, judge } = from;
  const { name, config } = from.building;
  const { path, passAt, judgeWithoutExpected, required } = config;
  const requestFor = (judged: JudgedCase): ChatRequest => ({
    model: config.model,
    messages: judgeMessages(rubric, judged),
    parameters: config.parameters,
    responseSchema: { name: 'verdict', schema: verdictSchema },
  });
  const score = (verdict: Verdict): ScoreRecord => toScore({ verdict, name, passAt });
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: { ...pathOption(path), passAt, judgeWithoutExpected, prompt: promptHash },
      judge,
    },
    planned({ input, output, expected: whole }) {
      const expected = readExpected(whole, path);
      if (expected === undefined && !judgeWithoutExpected) return undefined;
      const part = readOutput(output, path);
      return requestFor({ input, expected, output: part.found ? part.value : output });
    },
    async evaluate(evaluation, { models, signal }) {
      const expected = readExpected(evaluation.expected, path);
      if (expected === undefined && !judgeWithoutExpected) return [];
      const part = readOutput(evaluation.output, path);
      if (!part.found) return [score(nothingToJudge(rubric, part.reason))];
      const request = requestFor({ input: evaluation.input, expected, output: part.value });
      const answer = await models.chat({ ...request, signal });
      return [score(readVerdict(answer, rubric.criteria))];
    },
  });
}

function toScore(from: { verdict: Verdict; name: string; passAt: number }): ScoreRecord {
  const { verdict, name, passAt } = from;
  const passed = verdict.criteria.filter((entry) => entry.passed);
  const failed = verdict.criteria.filter((entry) => !entry.passed);
  const share = passed.length / verdict.criteria.length;
  const reasoning = verdict.criteria
    .map(
      (entry, at) =>
        `${at + 1}. ${entry.passed ? 'Passed' : 'Failed'}: ${cut(entry.reasoning, 500)}`,
    )
    .join('\n');
  return {
    name,
    evaluator: name,
    value: { type: 'NUMERIC', value: share },
    // 0.1 * 3 > 0.3 in binary: a share that is meant to be equal must pass.
    passed: share >= passAt - 1e-9,
    comment: scoreComment({
      reasoning,
      passed: passed.map((entry) => entry.criterion),
      failed: failed.map((entry) => entry.criterion),
      suggestions: verdict.suggestions,
    }),
  };
}

const nothingToJudge = (rubric: Rubric, reasoning: string): Verdict => ({
  criteria: rubric.criteria.map((criterion) => ({ criterion, passed: false, reasoning })),
  suggestions: [],
});

/** The rubric's text, or what is wrong with it. */
async function rubricText({ name, config, readText }: JudgeBuilding): Promise<string | Problem> {
  const { rubric, rubricFile } = config;
  const at = `evaluators.${name}.${rubricFile === undefined ? 'rubric' : 'rubricFile'}`;
  if ((rubric === undefined) === (rubricFile === undefined)) {
    const message = 'A judge needs either `rubric` or `rubricFile`.';
    return { at: `evaluators.${name}`, message, mend: 'Give exactly one of the two.' };
  }
  let text: string;
  try {
    text = rubric ?? (await readText(rubricFile ?? ''));
  } catch (error) {
    // The message of the file system holds absolute paths; its code says enough.
    const { code } = error as NodeJS.ErrnoException;
    return { at, message: `The rubric file cannot be read: ${code ?? messageOf(error, 200)}.` };
  }
  if (text.trim() === '') return { at, message: 'The rubric is empty.' };
  if (text.length > longestRubric) {
    return { at, message: `The rubric is longer than ${longestRubric} characters.` };
  }
  return text;
}

function unknownModel({ name, config, models }: JudgeBuilding): Problem {
  const known = Object.keys(models);
  return {
    at: `evaluators.${name}.model`,
    message: `There is no model "${config.model}" in the config.`,
    mend: known.length > 0 ? `Known models: ${known.join(', ')}.` : 'Add it under `models`.',
  };
}
