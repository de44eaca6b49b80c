import { fold } from '../text/words.js';

/** A question with a closed set of answers: a field of the asked JSON, or the whole answer. */
export interface Field {
  readonly name: string;
  readonly labels: readonly string[];
  /** What the schema says about it. */
  readonly description?: string | undefined;
}

/** What the prompt says about one label. */
export interface LabelText {
  readonly label: string;
  /** What it is for. */
  readonly about: readonly string[];
  /** What it is not for. */
  readonly not: readonly string[];
  /** The prompt gives it what fits nowhere else. */
  readonly fallback: boolean;
}

/** Spelling of labels that does not matter: case, diacritics, `_` and `-`. */
export const labelKey = (label: string): string =>
  fold(label)
    .replace(/[_\s-]+/g, ' ')
    .trim();

const bullet = /^\s*(?:[-*•+]|\d{1,3}[.)])?\s*/;
const fallbackWords =
  /\b(?:everything else|anything else|otherwise|all others?|the rest|by default|default|none of the (?:above|others)|(?:if|when) (?:unsure|in doubt))\b/i;
// Only where a clause begins with it: "does not work" describes, "not refunds" excludes.
const exclusion = /(?:^|[;.,(]\s*)(?:but\s+)?(?:not|never|except|excluding|unless)\b([^;.)]*)/gi;

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Matches `- **billing**: text`, `billing - text`, `billing (text)`. */
const labelLine = (label: string): RegExp => {
  const name = escape(label).replace(/[_\s-]+/g, '[_\\s-]+');
  return new RegExp(
    `^[\`"'*_]*${name}[\`"'*_]*\\s*(?::|-+>?|–|—|=|→|\\(|means\\b|when\\b|if\\b)\\s*(.+)$`,
    'i',
  );
};

interface Draft {
  readonly field: Field;
  readonly label: string;
  readonly line: RegExp;
  readonly word: RegExp;
  readonly texts: string[];
}

const draftsOf = (fields: readonly Field[]): readonly Draft[] =>
  fields.flatMap((field) =>
    field.labels.map((label) => ({
      field,
      label,
      line: labelLine(label),
      word: new RegExp(
        `(?<![\\p{L}\\p{N}_])${escape(label).replace(/[_\s-]+/g, '[_\\s-]+')}(?![\\p{L}\\p{N}_])`,
        'iu',
      ),
      texts: [],
    })),
  );

const namesField = (line: string, field: Field): boolean => {
  const name = labelKey(field.name);
  return (
    name !== '' && line.length < 120 && labelKey(line).includes(name.replace(/(?:y|ies)$/, ''))
  );
};

/** Whether two names begin alike is too weak for prose: a sentence counts when it names one label alone. */
const readSentences = (line: string, drafts: readonly Draft[], fields: readonly Field[]): void => {
  for (const sentence of line.split(/(?<=[.!?;])\s+/)) {
    for (const field of fields) {
      const named = drafts.filter((draft) => draft.field === field && draft.word.test(sentence));
      const [only] = named;
      if (named.length !== 1 || only === undefined) continue;
      const rest = sentence.replace(only.word, ' ');
      if (rest.trim().split(/\s+/).length >= 3) only.texts.push(rest);
    }
  }
};

/** Reads what an instruction text says about the labels of some fields. */
const readDrafts = (text: string, fields: readonly Field[]): readonly Draft[] => {
  const drafts = draftsOf(fields);
  let current: Field | undefined;
  let open: Draft | undefined;
  for (const line of text.split('\n')) {
    const content = line.replace(bullet, '');
    if (content.trim() === '') {
      open = undefined;
      continue;
    }
    const matches = drafts.filter((draft) => draft.line.test(content));
    const match = matches.find((draft) => draft.field === current) ?? matches[0];
    if (match !== undefined) {
      match.texts.push(match.line.exec(content)?.[1] ?? '');
      open = match;
      continue;
    }
    const headed = fields.find((field) => namesField(line, field));
    if (open !== undefined && /^\s/.test(line) && headed === undefined) {
      open.texts.push(content);
      continue;
    }
    open = undefined;
    if (headed !== undefined) current = headed;
    readSentences(content, drafts, fields);
  }
  return drafts;
};

const toLabelText = (draft: Draft): LabelText => {
  const not: string[] = [];
  const about = draft.texts.map((text) =>
    text.replace(exclusion, (_whole, clause: string) => {
      not.push(clause);
      return ' ';
    }),
  );
  const fallback = draft.texts.some((text) => fallbackWords.test(text));
  return { label: draft.label, about, not, fallback };
};

/** What the prompt says about each label of each field. */
export const readLabels = (
  text: string,
  fields: readonly Field[],
): ReadonlyMap<Field, readonly LabelText[]> => {
  const described = fields.map((field) => field.description ?? '').filter((part) => part !== '');
  const drafts = readDrafts([text, ...described].join('\n\n'), fields);
  return new Map(
    fields.map((field) => [
      field,
      drafts.filter((draft) => draft.field === field).map(toLabelText),
    ]),
  );
};

const cleanLabel = (label: string): string =>
  label
    .trim()
    .replace(/^(?:and|or)\s+/i, '')
    .replace(/^[`"'*_([]+|[`"'*_.)\]]+$/g, '');

const isLabel = (label: string): boolean =>
  label !== '' && label.length <= 40 && label.split(/\s+/).length <= 3;

/** Lists of labels in a text that has no schema: `Categories: a, b, c`, `one of a, b or c`, `- a: …` lines. */
export const labelListsIn = (text: string): readonly Field[] => {
  const fields: Field[] = [];
  let heading = '';
  let bullets: string[] = [];
  const close = (): void => {
    if (bullets.length >= 2) fields.push({ name: heading, labels: [...new Set(bullets)] });
    bullets = [];
  };
  for (const line of text.split('\n')) {
    const item = /^\s*(?:[-*•+]|\d{1,3}[.)])\s+(.+)$/.exec(line)?.[1];
    const label = cleanLabel(item?.split(/:|\s[-–—=(]/)[0] ?? '');
    if (item !== undefined && isLabel(label)) {
      bullets.push(label);
      continue;
    }
    if (line.trim() === '') continue;
    close();
    const inline =
      /^(.*?)(?::|\bone of(?: these| the following)?:?|\beither\b)\s*([^:\s][^:]*)$/i.exec(
        line.replace(bullet, ''),
      );
    const labels = (inline?.[2] ?? '').split(/[,|/]|\s+or\s+/).map(cleanLabel);
    if (labels.length >= 2 && labels.every(isLabel))
      fields.push({ name: inline?.[1]?.trim() ?? '', labels: [...new Set(labels)] });
    else heading = line.trim();
  }
  close();
  return fields;
};
