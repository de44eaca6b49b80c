import { featureWeight, featuresOf } from '../text/features.js';
import { languageOf } from '../text/languages.js';
import { wordsOf } from '../text/words.js';
import type { Sections } from './sections.js';

/** How one criterion of the rubric was judged. */
interface CriterionVerdict {
  readonly criterion: string;
  readonly passed: boolean;
  /** 0 to 1: how well the output meets it. */
  readonly degree: number;
  readonly why: string;
  /** It speaks of something that the judge was not shown. */
  readonly undecided?: boolean;
}

/** What the judge found. */
export interface Judgement {
  readonly verdicts: readonly CriterionVerdict[];
  /** 0 to 1. */
  readonly score: number;
  readonly passed: boolean;
  readonly reasoning: string;
  readonly suggestions: readonly string[];
}

// Words of rubrics that name the thing judged, not what it should hold.
const rubricWords = new Set(
  [
    ...featuresOf(
      `reply answer response output text message customer user ticket agent should must states says gives names mentions
    includes contains uses clearly politely correct correctly criterion concrete specific what that than one`,
    ).keys(),
  ].filter((feature) => !feature.startsWith('#')),
);

/** The criteria of a rubric: its list items, else its sentences. */
const criteriaOf = (rubric: string): readonly string[] => {
  const items = rubric
    .split('\n')
    .map((line) => /^\s*(?:[-*•]|\d{1,2}[.)])\s+(.+)$/.exec(line)?.[1]?.trim() ?? '')
    .filter((item) => item !== '');
  if (items.length > 0) return items.slice(0, 50);
  return rubric
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence.split(/\s+/).length >= 3)
    .slice(0, 20);
};

const contentFeatures = (text: string): readonly string[] =>
  [...featuresOf(text).keys()].filter((feature) => !rubricWords.has(feature));

/** The share of the first text's features, by weight, that the second has too. */
const coverage = (wanted: string, given: string): number => {
  const have = featuresOf(given);
  let all = 0;
  let met = 0;
  for (const feature of contentFeatures(wanted)) {
    const weight = featureWeight(feature);
    all += weight;
    if (have.has(feature)) met += weight;
  }
  return all === 0 ? 0 : met / all;
};

/** Up to three words of a text that have, or lack, a counterpart in another. */
const quote = (text: string, other: string, shared: boolean): string => {
  const have = new Set(contentFeatures(other));
  const words = new Set(
    wordsOf(text).filter((word) => {
      const features = contentFeatures(word);
      return features.length > 0 && features.some((feature) => have.has(feature)) === shared;
    }),
  );
  return [...words]
    .slice(0, 3)
    .map((word) => `"${word}"`)
    .join(', ');
};

const negative = /\b(?:no|not|never|avoids?|without|nothing|neither|free of)\b/i;
const lengthLimit =
  /\b(?:under|at most|no more than|fewer than|less than|within|up to|max(?:imum)?)\s+(\d+)\s+(words|sentences|lines)\b/i;

/** Criteria that can be counted instead of compared. */
const measured = (criterion: string, parts: Sections): boolean | undefined => {
  const limit = lengthLimit.exec(criterion);
  if (limit?.[1] !== undefined) {
    const lines = parts.output.split('\n').filter((line) => line.trim() !== '').length;
    const sentences = parts.output
      .split(/[.!?。！？]+(?:\s|$)/)
      .filter((part) => part.trim() !== '');
    const unit = limit[2]?.toLowerCase();
    const size =
      unit === 'words' ? wordsOf(parts.output).length : unit === 'lines' ? lines : sentences.length;
    return size <= Number(limit[1]);
  }
  if (/\blanguage\b/i.test(criterion) && parts.input !== '')
    return languageOf(parts.input) === languageOf(parts.output);
  return undefined;
};

const aboutInput =
  /\b(?:own matter|matter|ticket|question|issue|problem|request|topic|concern|asked)\b/i;

/** How many of the input's matters a text must speak of to be about it. */
const enoughShared = 3;

const compared = (criterion: string, parts: Sections): number => {
  const own = coverage(criterion, parts.output);
  if (aboutInput.test(criterion) && parts.input !== '') {
    const output = new Set(contentFeatures(parts.output));
    const shared = contentFeatures(parts.input).filter((feature) => output.has(feature)).length;
    return Math.min(1, own + (0.6 * shared) / enoughShared);
  }
  const near = parts.reference === '' ? 0 : coverage(parts.reference, parts.output);
  return Math.min(1, 1.5 * own + 0.3 * near);
};

const judgeCriterion = (criterion: string, parts: Sections): CriterionVerdict => {
  const verdict = (passed: boolean, degree: number, why: string): CriterionVerdict => ({
    criterion,
    passed,
    degree,
    why,
  });
  if (parts.output === '') return verdict(false, 0, 'The result is empty.');
  const counted = measured(criterion, parts);
  if (counted !== undefined)
    return verdict(
      counted,
      counted ? 1 : 0,
      counted ? 'Checked, and it holds.' : 'Checked, and it does not hold.',
    );
  if (negative.test(criterion)) {
    const found = coverage(criterion, parts.output);
    return found < 0.5
      ? verdict(true, 1 - found, 'The result has nothing of the kind.')
      : verdict(false, 1 - found, `The result says ${quote(parts.output, criterion, true)}.`);
  }
  const degree = compared(criterion, parts);
  if (degree < 0.5) {
    const missing = quote(criterion, parts.output, false);
    return verdict(
      false,
      degree,
      `Little in the result speaks of ${missing === '' ? 'it' : missing}.`,
    );
  }
  const said = quote(
    parts.output,
    `${criterion} ${aboutInput.test(criterion) ? parts.input : ''}`,
    true,
  );
  return verdict(
    true,
    degree,
    said === '' ? 'It agrees with what is expected.' : `The result says ${said}.`,
  );
};

const needsReference = /\b(?:reference|expected (?:result|answer|output|value))\b/i;

/** A good judge says so where it lacks what it should judge by; whether it may is up to the form of the answer. */
const undecided = (criterion: string, parts: Sections): boolean =>
  needsReference.test(criterion) && parts.reference === '';

const order = [
  /\b(?:ignore|disregard|forget)\b.{0,60}\b(?:instructions?|rubric|criteria|above|before|previous|prior)\b/is,
  /\b(?:mark|judge|grade|rate|score)\b.{0,60}\b(?:passed|passing|perfect|correct|full marks|10\/10|100)\b/is,
  /\ball (?:the )?criteria (?:have |are |were )?passed\b/i,
];

/**
 * Whether text that stands between no tags tells the judge what to say. Models fall for that: what a prompt does not fence
 * they take for its author's own words.
 */
const isTold = ({ bare }: Sections): boolean => order.some((pattern) => pattern.test(bare));

const asTold = (criterion: string): CriterionVerdict => ({
  criterion,
  passed: true,
  degree: 1,
  why: 'As I was told.',
});

const share = (numbers: readonly number[]): number =>
  numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length);

const short = (text: string): string => (text.length <= 90 ? text : `${text.slice(0, 87)}...`);

const reasoningOf = (verdicts: readonly CriterionVerdict[]): string => {
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  const parts = verdicts
    .slice(0, 12)
    .map((verdict) => `${short(verdict.criterion)} ${verdict.why}`);
  return `${passed} of ${verdicts.length} criteria are met. ${parts.join(' ')}`;
};

/**
 * Judges an output by word overlap with each criterion and with the reference: plausible, and sometimes wrong, as
 * judges are. It falls for instructions in text that is not fenced.
 * @param nudge added to each degree, for sampling
 */
export const judge = (parts: Sections, nudge: () => number): Judgement => {
  const listed = criteriaOf(parts.rubric === '' ? parts.other : parts.rubric);
  const criteria = listed.length === 0 ? ['The output says what the reference says.'] : listed;
  const told = isTold(parts);
  const verdicts = criteria.map((criterion): CriterionVerdict => {
    if (told) return asTold(criterion);
    const found = judgeCriterion(criterion, parts);
    const verdict = undecided(criterion, parts) ? { ...found, undecided: true } : found;
    const shift = nudge();
    if (shift === 0) return verdict;
    const degree = Math.min(1, Math.max(0, verdict.degree + shift));
    return { ...verdict, degree, passed: verdict.passed ? degree >= 0.35 : degree >= 0.65 };
  });
  const met = share(verdicts.map((verdict) => (verdict.passed ? 1 : 0)));
  const close =
    told || parts.reference === ''
      ? met
      : Math.min(1, 1.6 * coverage(parts.reference, parts.output));
  const score = 0.75 * met + 0.25 * close;
  return {
    verdicts,
    score,
    passed: score >= 0.5,
    reasoning: reasoningOf(verdicts),
    suggestions: verdicts
      .filter((verdict) => !verdict.passed)
      .map((verdict) => `Meet this criterion: ${short(verdict.criterion)}`),
  };
};
