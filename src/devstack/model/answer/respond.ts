import { featuresOf, type Features } from '../text/features.js';
import { languageOf } from '../text/languages.js';
import { createRandom, hashText } from '../random.js';
import { createClassifier, type Classifier, type Ranked } from './classifier.js';
import { judge, type Judgement } from './judge.js';
import { labelKey, labelListsIn, type Field } from './labels.js';
import { firstLine, splitPrompt, type PromptMessage, type PromptParts } from './prompt.js';
import { comparePair, pairIn, type PairVerdict } from './pair.js';
import { composeReply } from './reply.js';
import { fillSchema, schemaFields, type Answerer, type Schema } from './schema.js';
import { sectionsOf } from './sections.js';

/** What the model is asked. */
export interface Task {
  readonly messages: readonly PromptMessage[];
  readonly format: 'text' | 'json' | { readonly schema: Schema };
  /** 0 always answers the same; above, the seed decides among the likely. */
  readonly temperature: number;
  readonly seed: number;
  /** How many words of an input it reads: a small model has a short attention. */
  readonly attention: number;
}

const judgeNames =
  /^(?:passed|failed)_?items$|^(?:verdict|score|grade|rating|passed?|correct|is_correct)$/i;
const classifies = /categor|classif|label|one of|choose|sentiment|priority|urgency|intent|topic/i;

/** The keys of the first JSON object that a prompt shows as the form of the answer. */
const shownKeys = (text: string): readonly string[] => {
  const shown = /\{[^{}]*"[\w-]+"\s*:[^{}]*\}/.exec(text)?.[0] ?? '';
  return [...shown.matchAll(/"([\w-]+)"\s*:/g)].map((match) => match[1] ?? '');
};

const listed = /items$|^(?:suggestions|criteria|tags|reasons)$/i;
const numeric = /score|rating|grade|confidence/i;

/** The schema that a prompt describes in words: its shown JSON, with the labels of its lists. */
const describedSchema = (text: string): Schema => {
  const lists = labelListsIn(text);
  const keys = shownKeys(text);
  const property = (key: string): Schema => {
    const wanted = labelKey(key).replace(/(?:y|ies|s)$/, '');
    const list = lists.find((field) => labelKey(field.name).includes(wanted));
    if (list !== undefined) return { type: 'string', enum: list.labels };
    if (listed.test(key)) return { type: 'array', items: { type: 'string' } };
    return { type: numeric.test(key) ? 'number' : 'string' };
  };
  const names = keys.length > 0 ? keys : lists.map((field) => nameOf(field));
  const properties = Object.fromEntries(
    (names.length > 0 ? names : ['answer']).map((name) => [name, property(name)]),
  );
  return { type: 'object', properties };
};

/** `Categories` → `categories`, `Answer with the category, one of` → `category` would be guessing: the last word. */
const nameOf = (field: Field): string =>
  /([\p{L}_]+)\W*$/u.exec(field.name.toLowerCase())?.[1] ?? 'label';

const sample = (ranked: readonly Ranked[], temperature: number, random: () => number): string => {
  const first = ranked[0];
  if (first === undefined) return '';
  if (temperature === 0) return first.label;
  const weights = ranked.map(({ score }) => Math.exp((score - first.score) / (0.5 * temperature)));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left <= 0) return ranked[index]?.label ?? first.label;
  }
  return first.label;
};

interface Draw {
  readonly temperature: number;
  readonly random: () => number;
}

/** Answers the fields of a schema from the input. */
const plainAnswerer = (
  parts: PromptParts,
  classifier: Classifier,
  draw: Draw & { readonly features: Features },
): Answerer => {
  const rank = (name: string, labels: readonly string[]): readonly Ranked[] =>
    classifier.rank({ name, labels }, draw.features);
  let last: readonly Ranked[] = [];
  const self: Answerer = {
    choose: (name, labels) => {
      last = rank(name, labels);
      const label = sample(last, draw.temperature, draw.random);
      return labels.includes(label) ? label : (labels[0] ?? '');
    },
    text: (name) => {
      if (/reason|explanation|rationale|why/i.test(name))
        return `The message is about "${firstLine(parts.query, 120)}".`;
      if (/^language|lang$/i.test(name)) return languageOf(parts.query);
      if (/summary|title|subject|topic/i.test(name)) return firstLine(parts.query, 120);
      return composeReply(parts);
    },
    number: (name, { minimum, maximum }) => {
      const [first, second] = last;
      const sure =
        first === undefined ? 0.5 : 1 - 0.5 * Math.exp((second?.score ?? 0) - first.score);
      return /confiden|probab|certain/i.test(name) ? minimum + sure * (maximum - minimum) : minimum;
    },
    truth: (name) => {
      const asked = featuresOf(name.replace(/[_-]/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2'));
      return [...asked.keys()].some((feature) => draw.features.has(feature));
    },
    list: () => [],
    entries: () => [],
  };
  return self;
};

const positive = /^(?:pass|passed|good|yes|true|correct|accept|accepted|excellent|a|win|success)/i;
const negative = /^(?:fail|failed|bad|no|false|incorrect|reject|rejected|poor|f|lose|wrong)/i;

const unsure = /^(?:cannot|can.?t|unsure|unknown|undecided)/i;

/** Of labels from bad to good, or good to bad, the one at this height. */
const labelAt = (labels: readonly string[], score: number, passed: boolean): string => {
  const wanted = labels.find((label) => (passed ? positive : negative).test(label));
  if (wanted !== undefined && labels.length <= 3) return wanted;
  const rising = negative.test(labels[0] ?? '') || !positive.test(labels[0] ?? '');
  const place = Math.min(labels.length - 1, Math.floor(score * labels.length));
  return labels[rising ? place : labels.length - 1 - place] ?? '';
};

/** Answers the fields of a verdict; for one criterion of it when `only` is set. */
const judgeAnswerer = (found: Judgement, only?: Judgement['verdicts'][number]): Answerer => {
  const passed = only?.passed ?? found.passed;
  const score = only?.degree ?? found.score;
  const criteria = (which: boolean): readonly string[] =>
    found.verdicts
      .filter((verdict) => verdict.passed === which)
      .map((verdict) => verdict.criterion);
  return {
    choose: (_name, labels) => {
      const abstained =
        only?.undecided === true ? labels.find((each) => unsure.test(each)) : undefined;
      return abstained ?? labelAt(labels, score, passed);
    },
    text: (name) => {
      if (only !== undefined)
        return /criteri|name|item|id$/i.test(name) ? only.criterion : only.why;
      if (/suggest|improve/i.test(name)) return found.suggestions.join(' ');
      return found.reasoning;
    },
    number: (_name, { minimum, maximum }) => minimum + score * (maximum - minimum),
    truth: (name) => (/fail|wrong|incorrect/i.test(name) ? !passed : passed),
    list: (name) => {
      if (/pass|met|strength/i.test(name)) return criteria(true);
      if (/fail|unmet|weak|missing|issue/i.test(name)) return criteria(false);
      return /suggest|improve/i.test(name) ? found.suggestions : [];
    },
    entries: (name) => {
      const wanted = /pass/i.test(name) ? true : /fail/i.test(name) ? false : undefined;
      return found.verdicts
        .filter((verdict) => wanted === undefined || verdict.passed === wanted)
        .map((verdict) => judgeAnswerer(found, verdict));
    },
  };
};

/** Answers the fields of a comparison of two results. */
const pairAnswerer = ({ preferred, reasoning }: PairVerdict): Answerer => ({
  choose: (_name, labels) =>
    labels.find((label) => label.toLowerCase() === preferred) ?? labels[0] ?? '',
  text: () => reasoning,
  number: (_name, { minimum, maximum }) =>
    preferred === 'first' ? maximum : preferred === 'second' ? minimum : (minimum + maximum) / 2,
  truth: () => preferred === 'first',
  list: () => [],
  entries: () => [],
});

interface Reading {
  readonly schema: Schema | undefined;
  /** The field whose label alone is the answer of a text task. */
  readonly field: Field | undefined;
  readonly judges: boolean;
  readonly classifier: Classifier;
}

const read = (task: Task, parts: PromptParts): Reading => {
  const { format } = task;
  const text = parts.instructions;
  if (format === 'text') {
    const field = classifies.test(text) ? labelListsIn(text)[0] : undefined;
    const classifier = createClassifier(text, parts.turns, field === undefined ? [] : [field]);
    return { schema: undefined, field, judges: false, classifier };
  }
  const schema = format === 'json' ? describedSchema(text) : format.schema;
  const { names, fields } = schemaFields(schema);
  return {
    schema,
    field: undefined,
    judges: names.some((name) => judgeNames.test(name)),
    classifier: createClassifier(text, parts.turns, fields),
  };
};

const longestKept = 200_000;
const readings = new Map<string, Reading>();

/** Reading a prompt costs far more than answering with it, and a run asks with the same one a thousand times. */
const readOnce = (task: Task, parts: PromptParts): Reading => {
  const turns = parts.turns.length === 0 ? '' : JSON.stringify(parts.turns);
  const key = `${JSON.stringify(task.format)}\n${turns}\n${parts.instructions}`;
  const known = readings.get(key);
  if (known !== undefined) return known;
  const reading = read(task, parts);
  if (readings.size >= 200) readings.clear();
  // A prompt that is all input is asked once: keeping it would only fill the memory.
  if (key.length <= longestKept) readings.set(key, reading);
  return reading;
};

/** Characters of an input beyond which no model here reads, so that one call never holds up the others for long. */
const mostRead = 20_000;

const firstWords = (text: string, count: number): string => {
  let at = 0;
  const spaces = /\s+/g;
  for (let seen = 0; seen < count; seen += 1) {
    if (!spaces.test(text)) return text;
    at = spaces.lastIndex;
  }
  return text.slice(0, at);
};

/** The model's answer to a task, as text (JSON where JSON was asked for). */
export const respond = (task: Task): string => {
  const whole = splitPrompt(task.messages);
  const parts = { ...whole, query: whole.query.slice(0, mostRead) };
  const reading = readOnce(task, parts);
  const { temperature } = task;
  const random =
    temperature === 0 ? () => 0 : createRandom(hashText(parts.query, hashText(String(task.seed))));
  if (reading.schema === undefined) {
    if (reading.field === undefined) return composeReply(parts);
    const features = featuresOf(firstWords(parts.query, task.attention));
    return sample(reading.classifier.rank(reading.field, features), temperature, random);
  }
  if (reading.judges) {
    const nudge = temperature === 0 ? () => 0 : () => (random() - 0.5) * 0.4 * temperature;
    const sections = sectionsOf(task.messages);
    const pair = pairIn(task.messages);
    if (pair !== undefined) {
      return JSON.stringify(
        fillSchema(reading.schema, pairAnswerer(comparePair(pair, sections, nudge))),
      );
    }
    const found = judge(sections, nudge);
    return JSON.stringify(fillSchema(reading.schema, judgeAnswerer(found)));
  }
  const features = featuresOf(firstWords(parts.query, task.attention));
  const answerer = plainAnswerer(parts, reading.classifier, { temperature, random, features });
  return JSON.stringify(fillSchema(reading.schema, answerer));
};
