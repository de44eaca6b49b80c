import { remembering } from '../text/remembering.js';
import { featuresOf, featureWeight, type Features } from '../text/features.js';
import { languageOf } from '../text/languages.js';
import { phrasebook, type Phrases } from './phrasebook.js';
import { examplesIn, firstLine, type Example, type PromptParts } from './prompt.js';

/** What an instruction must speak of for a sentence of the reply to be written. */
const triggers: readonly (readonly [keyof Phrases, readonly string[]])[] = [
  ['apologise', ['#apologise']],
  ['refund', ['#refund']],
  ['check', ['#check']],
  ['step', ['step', '#soon']],
  ['ask', ['#order', '#account', 'detail', 'number', 'missing']],
  ['time', ['#soon', '#today', 'timefra', 'promise']],
];

/** Below it an example is of another matter, and its words would mislead. */
const alike = 0.22;

const similarity = (left: Features, right: Features): number => {
  let dot = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  for (const feature of left.keys()) {
    const square = featureWeight(feature) ** 2;
    leftSquares += square;
    if (right.has(feature)) dot += square;
  }
  for (const feature of right.keys()) rightSquares += featureWeight(feature) ** 2;
  return dot / (Math.sqrt(leftSquares * rightSquares) || 1);
};

const examplesOf = remembering(examplesIn);

const answerOf = (example: Example): string => example.outputs.map(([, value]) => value).join('\n');

/** The answer that the prompt gives to the most similar input of the same language. */
const nearestAnswer = (examples: readonly Example[], query: string): string | undefined => {
  const features = featuresOf(query);
  const language = languageOf(query);
  let best: string | undefined;
  let most = alike;
  for (const example of examples) {
    const near = similarity(features, featuresOf(example.input));
    if (near <= most || languageOf(answerOf(example)) !== language) continue;
    most = near;
    best = answerOf(example);
  }
  return best;
};

const sentencesOf = (text: string): readonly string[] =>
  text
    .split(/(?<=[.!?。！？])\s*|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence.length > 1);

/** With a `Context:` in the prompt, its sentences nearest to the question; an empty text where there is none. */
const fromContext = (instructions: string, query: string): string => {
  const context =
    /^[ #*_-]{0,8}(?:context|documents?|sources?|knowledge)[*_]{0,2}:([\s\S]+)/im.exec(
      instructions,
    )?.[1];
  if (context === undefined) return '';
  const wanted = featuresOf(query);
  const ranked = sentencesOf(context)
    .map((sentence, index) => ({ sentence, index, near: similarity(wanted, featuresOf(sentence)) }))
    .filter(({ near }) => near > 0.08)
    .sort((left, right) => right.near - left.near || left.index - right.index);
  return ranked
    .slice(0, 2)
    .sort((left, right) => left.index - right.index)
    .map(({ sentence }) => sentence)
    .join(' ');
};

const composed = (instructions: string, query: string): string => {
  const asked = featuresOf(instructions);
  const about = featuresOf(query);
  const phrases = phrasebook[languageOf(query)];
  const subject = firstLine(query, 80);
  const chosen = triggers
    .filter(([, features]) => features.some((feature) => asked.has(feature)))
    // Money is spoken of only to those who speak of it.
    .filter(([name]) => name !== 'refund' || about.has('#refund') || about.has('#charge'))
    .map(([name]) => phrases[name]);
  const sentences = [phrases.greet, phrases.acknowledge.replace('%', () => subject), ...chosen];
  return [...sentences, phrases.close].join(' ');
};

/** Writes a free text: from a given context, after the nearest example, or of set phrases that the prompt asks for. */
export const composeReply = (parts: PromptParts): string => {
  if (parts.instructions.trim() === '' || parts.instructions === parts.query)
    return composed('', parts.query);
  const found = fromContext(parts.instructions, parts.query);
  if (found !== '') return found;
  const { examples, rest } = examplesOf(parts.instructions);
  return nearestAnswer([...parts.turns, ...examples], parts.query) ?? composed(rest, parts.query);
};
