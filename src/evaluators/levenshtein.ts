import { given, oneScore, type Building, type Built } from './building.js';
import { bestOf, comparedTexts } from './judged-text.js';
import { pathOption } from './judged-value.js';
import { editSimilarity } from './measures/edit-distance.js';
import { similarityScore } from './text-similarity.js';

/**
 * How similar the output is to the expected text, letter by letter. NUMERIC in [0, 1]: 1 − Levenshtein distance ÷ length of
 * the longer text, in code points. Of several expected texts the most similar one counts; with nothing expected it does not
 * apply. An output with nothing at `path` scores 0. Long texts that differ much fail with EVALUATOR_INPUT_TOO_LARGE.
 */
export function buildLevenshtein({ name, config }: Building<'levenshtein'>): Built {
  const { path, ignoreCase, passAt, required } = config;
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const options = { ...pathOption(path), ...given({ ignoreCase, passAt }) };
  return oneScore({
    name,
    required,
    identity: { name, kind: config.kind, required, options },
    evaluate(evaluation) {
      const texts = comparedTexts(evaluation, { name, path });
      if (texts === undefined) return [];
      const { actual, expected } = texts;
      const compared = (actual === undefined ? [] : expected).map((text) => ({
        text,
        value: editSimilarity(fold(actual ?? ''), fold(text)),
      }));
      const best = compared.length === 0 ? undefined : bestOf(compared);
      return similarityScore({ name, path, passAt, texts, best });
    },
  });
}
