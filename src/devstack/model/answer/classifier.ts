import { featureWeight, featuresOf, type Features } from '../text/features.js';
import { labelKey, readLabels, type Field, type LabelText } from './labels.js';
import { examplesIn, type Example } from './prompt.js';

/** A label with its score; higher fits better. */
export interface Ranked {
  readonly label: string;
  readonly score: number;
}

/** Answers closed questions from what a prompt says about their labels. */
export interface Classifier {
  /** The labels of a field by how well they fit, best first; where nothing tells, the fallback leads. */
  rank(field: Field, query: Features): readonly Ranked[];
}

interface FieldModel {
  readonly labels: readonly string[];
  readonly fallback: number;
  /** What the fallback starts with. */
  readonly fallbackScore: number;
  /** By feature: what each label gains from it. */
  readonly postings: ReadonlyMap<string, Float64Array>;
  readonly examples: readonly { readonly label: number; readonly norm: number }[];
  readonly examplePostings: ReadonlyMap<
    string,
    readonly (readonly [example: number, weight: number])[]
  >;
  readonly rarity: ReadonlyMap<string, number>;
}

/** What a similar example counts beside a described word. */
const exampleWeight = 7;
/** Below it nothing speaks for any label. */
const evidenceFloor = 0.55;
/** What must speak against a label that the prompt calls the rest: "everything else" means it is most of it. */
const restFloor = 2;
const nameWeight = 1.6;
const exclusionWeight = -0.7;
// What any reader takes for the plain case when the prompt does not say.
const plainLabels = ['other', 'general', 'normal', 'neutral', 'medium', 'none', 'unknown'];

/** BM25's inverse document frequency over `total` documents (Robertson & Zaragoza 2009), never negative. */
const inverseFrequency = (total: number, having: number): number =>
  Math.log(1 + (total - having + 0.5) / (having + 0.5));

const addFeatures = (into: Map<string, number>, text: string, weight: number): void => {
  for (const [feature, count] of featuresOf(text)) {
    const gained = (into.get(feature) ?? 0) + weight * (1 + Math.log(count));
    into.set(feature, gained);
  }
};

/** Repetition saturates, as in BM25: the second mention says less than the first. */
const saturate = (weight: number): number =>
  weight <= 0 ? weight : (weight * 2.2) / (weight + 1.2);

const labelDocument = (text: LabelText): ReadonlyMap<string, number> => {
  const document = new Map<string, number>();
  addFeatures(
    document,
    text.label.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[_-]/g, ' '),
    nameWeight,
  );
  for (const about of text.about) addFeatures(document, about, 1);
  for (const not of text.not) addFeatures(document, not, exclusionWeight);
  return document;
};

const postingsOf = (
  documents: readonly ReadonlyMap<string, number>[],
): ReadonlyMap<string, Float64Array> => {
  const having = new Map<string, number>();
  for (const document of documents)
    for (const [feature, weight] of document)
      if (weight > 0) having.set(feature, (having.get(feature) ?? 0) + 1);
  const sizes = documents.map((document) => document.size);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length);
  const postings = new Map<string, Float64Array>();
  documents.forEach((document, label) => {
    // A longer description has more words to match by chance.
    const length = 0.75 + (0.25 * document.size) / Math.max(1, mean);
    for (const [feature, weight] of document) {
      const row = postings.get(feature) ?? new Float64Array(documents.length);
      const rarity = inverseFrequency(documents.length, having.get(feature) ?? 1);
      row[label] = (saturate(weight) * rarity * featureWeight(feature)) / length;
      postings.set(feature, row);
    }
  });
  return postings;
};

const valueOf = (outputs: Example['outputs'], field: Field): string | undefined => {
  const wanted = labelKey(field.name);
  for (const [key, value] of outputs) {
    if (labelKey(key) === wanted) return value;
    const json = /\{[\s\S]*\}/.exec(value)?.[0];
    if (json === undefined) continue;
    try {
      const parsed: unknown = JSON.parse(json);
      if (typeof parsed !== 'object' || parsed === null) continue;
      const found = Object.entries(parsed).find(
        ([name]) => labelKey(name) === wanted,
      )?.[1] as unknown;
      if (typeof found === 'string') return found;
    } catch {
      // Not JSON after all: the plain reading below has its turn.
    }
  }
  return undefined;
};

/** The label that an example was given, or undefined where it has none of this field. */
const labelOf = (example: Example, field: Field): number | undefined => {
  const keys = field.labels.map(labelKey);
  const named = valueOf(example.outputs, field);
  if (named !== undefined) {
    const index = keys.indexOf(labelKey(named.replace(/^["'`]|["'`.]$/g, '')));
    return index === -1 ? undefined : index;
  }
  const parts = example.outputs.flatMap(([, value]) => value.split(/[,/|\n:]/).map(labelKey));
  const index = keys.findIndex((key) => parts.includes(key));
  return index === -1 ? undefined : index;
};

const fallbackOf = (texts: readonly LabelText[]): number => {
  const told = texts.findIndex((text) => text.fallback);
  if (told !== -1) return told;
  return Math.max(
    0,
    texts.findIndex((text) => plainLabels.includes(labelKey(text.label))),
  );
};

const exampleIndex = (examples: readonly { readonly label: number; readonly text: string }[]) => {
  const features = examples.map((example) => featuresOf(example.text));
  const labelsHaving = new Map<string, Set<number>>();
  examples.forEach(({ label }, index) => {
    for (const feature of features[index]?.keys() ?? [])
      labelsHaving.set(feature, (labelsHaving.get(feature) ?? new Set()).add(label));
  });
  const labels = new Set(examples.map(({ label }) => label)).size;
  // By labels, not by examples: what examples of every label share tells none of them apart.
  const rarity = new Map(
    [...labelsHaving].map(([feature, having]) => [
      feature,
      inverseFrequency(labels, having.size) * featureWeight(feature),
    ]),
  );
  const postings = new Map<string, (readonly [number, number])[]>();
  const indexed = examples.map(({ label }, index) => {
    let squares = 0;
    for (const feature of features[index]?.keys() ?? []) {
      const weight = rarity.get(feature) ?? 0;
      squares += weight * weight;
      const row = postings.get(feature) ?? [];
      row.push([index, weight]);
      postings.set(feature, row);
    }
    return { label, norm: Math.sqrt(squares) };
  });
  return { examples: indexed, examplePostings: postings, rarity };
};

const fieldModel = (
  field: Field,
  texts: readonly LabelText[],
  examples: readonly Example[],
): FieldModel => {
  const labelled = examples.flatMap((example) => {
    const label = labelOf(example, field);
    return label === undefined ? [] : [{ label, text: example.input }];
  });
  return {
    labels: field.labels,
    fallback: fallbackOf(texts),
    fallbackScore: texts.some((text) => text.fallback) ? restFloor : 0,
    postings: postingsOf(texts.map(labelDocument)),
    ...exampleIndex(labelled),
  };
};

/** The cosine of the query with each example; of a label's examples the best counts, the others a little. */
const addExamples = (model: FieldModel, query: Features, scores: Float64Array): void => {
  if (model.examples.length === 0) return;
  const dots = new Float64Array(model.examples.length);
  let squares = 0;
  for (const feature of query.keys()) {
    const weight = model.rarity.get(feature) ?? 0.8 * featureWeight(feature);
    squares += weight * weight;
    for (const [example, other] of model.examplePostings.get(feature) ?? [])
      dots[example] = (dots[example] ?? 0) + weight * other;
  }
  const best = new Float64Array(scores.length);
  const sum = new Float64Array(scores.length);
  model.examples.forEach(({ label, norm }, index) => {
    const similarity = (dots[index] ?? 0) / (Math.sqrt(squares) * norm || 1);
    best[label] = Math.max(best[label] ?? 0, similarity);
    sum[label] = (sum[label] ?? 0) + similarity;
  });
  best.forEach((similarity, label) => {
    const others = Math.min(0.3, 0.2 * ((sum[label] ?? 0) - similarity));
    scores[label] = (scores[label] ?? 0) + exampleWeight * (similarity + others);
  });
};

const rankWith = (model: FieldModel, query: Features): readonly Ranked[] => {
  const scores = new Float64Array(model.labels.length);
  for (const [feature, count] of query) {
    const row = model.postings.get(feature);
    if (row === undefined) continue;
    const times = 1 + 0.5 * Math.log(count);
    row.forEach((gain, label) => (scores[label] = (scores[label] ?? 0) + gain * times));
  }
  addExamples(model, query, scores);
  scores[model.fallback] = (scores[model.fallback] ?? 0) + model.fallbackScore;
  const strongest = scores.reduce((most, score) => Math.max(most, score), 0);
  if (strongest < evidenceFloor)
    scores[model.fallback] = (scores[model.fallback] ?? 0) + evidenceFloor;
  return model.labels
    .map((label, index) => ({ label, score: scores[index] ?? 0 }))
    .sort((left, right) => right.score - left.score);
};

/** Reads a prompt once, to answer many inputs with it. */
export const createClassifier = (
  instructions: string,
  turns: readonly Example[],
  fields: readonly Field[],
): Classifier => {
  const { examples, rest } = examplesIn(instructions);
  const texts = readLabels(rest, fields);
  const models = new Map(
    fields.map((field) => [
      field.name,
      fieldModel(field, texts.get(field) ?? [], [...examples, ...turns]),
    ]),
  );
  return {
    rank: (field, query) => {
      const model = models.get(field.name);
      return model === undefined ? [] : rankWith(model, query);
    },
  };
};
