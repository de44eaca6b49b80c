import { conceptsOf, conceptsOfPair } from './lexicon.js';
import { isCommonWord } from './languages.js';
import { remembering } from './remembering.js';
import { stem, wordsOf } from './words.js';

/**
 * What a text is about: its stems and the lexicon's concepts (`#parcel`), each with how often it occurs.
 * A concept is shared by the words of all languages that name it.
 */
export type Features = ReadonlyMap<string, number>;

const none: readonly string[] = [];
const known = new Map<string, readonly string[]>();
const knownLimit = 50_000;

const featuresOfWord = (word: string): readonly string[] => {
  const cached = known.get(word);
  if (cached !== undefined) return cached;
  const concepts = conceptsOf(word).map((concept) => `#${concept}`);
  const own =
    isCommonWord(word) || (word.length < 2 && word.charCodeAt(0) < 0x2e80) ? none : [stem(word)];
  const features = [...own, ...concepts];
  // Order numbers and typos would grow it without end.
  if (known.size >= knownLimit) known.clear();
  known.set(word, features);
  return features;
};

/** Counts the features of a text. */
export const featuresOf: (text: string) => Features = remembering((text) => {
  const features = new Map<string, number>();
  const add = (feature: string): unknown => features.set(feature, (features.get(feature) ?? 0) + 1);
  let previous = '';
  for (const word of wordsOf(text)) {
    for (const feature of featuresOfWord(word)) add(feature);
    for (const concept of conceptsOfPair(previous, word)) add(`#${concept}`);
    previous = word;
  }
  // The one sign that carries a meaning in every language.
  if (/[?？¿]/.test(text)) add('#question');
  return features;
});

/** How much a feature weighs beside its rarity: a concept is surer than a stem, a number says nothing. */
export const featureWeight = (feature: string): number => {
  if (feature.startsWith('#')) return 1;
  return /^\d+$/.test(feature) ? 0 : 0.7;
};
