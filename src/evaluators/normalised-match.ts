import { given, oneScore, type Building, type Built } from './building.js';
import { comparedTexts } from './judged-text.js';
import { partName, pathOption } from './judged-value.js';
import { booleanScore, scoreComment, shown } from './score-text.js';

/**
 * Equality of texts but for what does not matter: Unicode forms (NFKC), white space, and as configured case, punctuation,
 * accents and English articles. BOOLEAN; of several expected texts one is enough; does not apply where nothing is expected.
 *
 * With `articles: 'remove'` it is the answer normalisation of SQuAD's evaluation script (Rajpurkar et al., 2016), but for any
 * script's punctuation. A text of which nothing is left (`?!`) is compared without that step, so that it equals not every other.
 */
export function buildNormalisedMatch({ name, config }: Building<'normalised_match'>): Built {
  const { path, required, ignoreCase, punctuation, accents, articles } = config;
  const how: Normalisation = { ignoreCase, punctuation, accents, articles };
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: { ...pathOption(path), ...given({ ...how }) },
    },
    evaluate(evaluation) {
      const texts = comparedTexts(evaluation, { name, path });
      if (texts === undefined) return [];
      const { actual, expected, missing } = texts;
      const own = actual === undefined ? undefined : normal(actual, how);
      const match = expected.find((text) => normal(text, how) === own);
      const passed = match !== undefined;
      const wanted = expected.map((text) => shown(text)).join(' or ');
      const reasoning = passed
        ? `Equal to ${shown(match)} as ${shown(own ?? '')}.`
        : own === undefined
          ? missing
          : `Expected ${wanted}, got ${shown(actual ?? '')}, compared as ${shown(own)}.`;
      const comment = scoreComment({ reasoning, [passed ? 'passed' : 'failed']: [partName(path)] });
      return booleanScore({ evaluator: name, passed, comment });
    },
  });
}

interface Normalisation {
  readonly ignoreCase: boolean;
  readonly punctuation: 'keep' | 'remove';
  readonly accents: 'keep' | 'remove';
  readonly articles: 'keep' | 'remove';
}

function normal(text: string, how: Normalisation): string {
  let out = text.normalize('NFKC');
  // Upper case first: ß and SS are one word, and so are the two small sigmas.
  if (how.ignoreCase) out = out.toUpperCase().toLowerCase();
  if (how.accents === 'remove') out = out.normalize('NFD').replace(/\p{M}/gu, '').normalize('NFC');
  if (how.punctuation === 'remove') out = unlessEmpty(out, out.replace(/[\p{P}\p{S}]/gu, ''));
  if (how.articles === 'remove') out = unlessEmpty(out, out.replace(/\b(?:a|an|the)\b/giu, ' '));
  return out.replace(/\s+/gu, ' ').trim();
}

const unlessEmpty = (before: string, after: string): string =>
  after.trim() === '' ? before : after;
