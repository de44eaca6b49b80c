import type { Anchor } from '../../contracts/judge-kinds.js';
import type { EvaluatorIdentity, ModelIdentity } from '../../contracts/manifest.js';
import type { Problem } from '../../core/errors/assay-error.js';
import { modelIdentity } from '../../models/model-identity.js';
import type { Building } from '../building.js';
import { messageOf } from '../thrown.js';
import { readAnchors } from './anchors.js';
import { builtIns, type BuiltIn } from './built-in.js';
import { mostCriteria, readRubric, type Rubric } from './rubric.js';

export type JudgeBuilding = Building<'llm_judge'> | Building<'llm_pairwise'>;

const longestRubric = 20_000;

/** What every judge is made of, read and checked. */
export interface JudgeSource {
  readonly rubric: Rubric;
  /** Of a built-in rubric. */
  readonly builtIn: BuiltIn | undefined;
  readonly model: ModelIdentity;
  readonly anchors: readonly Anchor[];
  /** Its part in the manifest. */
  readonly judge: NonNullable<EvaluatorIdentity['judge']>;
}

/** Reads the rubric, the model and the anchors of a judge; all that is wrong is told at once. */
export async function readSource(
  building: JudgeBuilding,
): Promise<JudgeSource | { readonly problems: readonly Problem[] }> {
  const { name, config, models } = building;
  const problems: Problem[] = [];
  const model = models[config.model];
  if (model === undefined) problems.push(unknownModel(building));
  const text = await rubricText(building);
  if (typeof text !== 'string') problems.push(text);
  const rubric = typeof text === 'string' ? readRubric(text) : undefined;
  if (rubric !== undefined) problems.push(...rubricProblems(rubric, building));
  const read = await readAnchors(building);
  if ('problems' in read) problems.push(...read.problems);
  const builtIn = config.builtIn === undefined ? undefined : builtIns[config.builtIn];
  if (
    builtIn?.needs !== undefined &&
    config.background === undefined &&
    (config.kind !== 'llm_judge' || config.contextPath === undefined)
  ) {
    const message = `The rubric "${config.builtIn ?? ''}" needs to be told what it judges by.`;
    const mend = 'Describe it in `background`, or name where the item has it in `contextPath`.';
    problems.push({ at: `evaluators.${name}`, message, mend });
  }
  if (
    model === undefined ||
    rubric === undefined ||
    typeof text !== 'string' ||
    !('anchors' in read) ||
    problems.length > 0
  ) {
    return { problems };
  }
  const identity = {
    ...modelIdentity(model),
    parameters: { ...model.parameters, ...config.parameters },
  };
  const { anchors } = read;
  return {
    rubric,
    builtIn,
    model: identity,
    anchors,
    judge: {
      rubric: text,
      model: identity,
      ...(anchors.length === 0 ? {} : { anchors: [...anchors] }),
    },
  };
}

/** The rubric's text, or what is wrong with it. */
async function rubricText({ name, config, readText }: JudgeBuilding): Promise<string | Problem> {
  const { rubric, rubricFile, builtIn } = config;
  const given = [rubric, rubricFile, builtIn].filter((each) => each !== undefined);
  if (given.length !== 1) {
    const message = 'A judge needs one of `rubric`, `rubricFile` and `builtIn`.';
    return { at: `evaluators.${name}`, message, mend: 'Give exactly one of them.' };
  }
  if (builtIn !== undefined) return builtIns[builtIn].text;
  const at = `evaluators.${name}.${rubricFile === undefined ? 'rubric' : 'rubricFile'}`;
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

function rubricProblems(rubric: Rubric, { name, config }: JudgeBuilding): readonly Problem[] {
  const { length } = rubric.criteria;
  if (length === 0) {
    const at = `evaluators.${name}.${config.rubricFile === undefined ? 'rubric' : 'rubricFile'}`;
    const mend = 'Begin each criterion with "- " on a line of its own.';
    return [{ at, message: 'The rubric has no criteria.', mend }];
  }
  if (length <= mostCriteria) return [];
  const message = `The rubric has ${length} criteria; a judge takes ${mostCriteria}.`;
  return [{ at: `evaluators.${name}`, message, mend: 'Split it into two evaluators.' }];
}

function unknownModel({ name, config, models }: JudgeBuilding): Problem {
  const known = Object.keys(models);
  return {
    at: `evaluators.${name}.model`,
    message: `There is no model "${config.model}" in the config.`,
    mend: known.length > 0 ? `Known models: ${known.join(', ')}.` : 'Add it under `models`.',
  };
}
