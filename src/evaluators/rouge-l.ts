import { given, oneScore, type Building, type Built } from './building.js';
import { bestOf, comparedTexts } from './judged-text.js';
import { pathOption } from './judged-value.js';
import { rougeL } from './measures/rouge.js';
import { shownNumber } from './score-text.js';
import { similarityScore } from './text-similarity.js';

/**
 * How much of the expected text's words the output holds in their order (ROUGE-L, see measures/rouge.ts). NUMERIC in [0, 1]:
 * F1, precision or recall. Of several expected texts the nearest counts; with nothing expected it does not apply. An output
 * with nothing at `path` scores 0.
 */
export function buildRougeL({ name, config }: Building<'rouge_l'>): Built {
  const { path, measure, passAt, required } = config;
  const options = { ...pathOption(path), ...given({ measure, passAt }) };
  return oneScore({
    name,
    required,
    identity: { name, kind: config.kind, required, options },
    evaluate(evaluation) {
      const texts = comparedTexts(evaluation, { name, path });
      if (texts === undefined) return [];
      const { actual, expected } = texts;
      const compared = (actual === undefined ? [] : expected).map((text) => {
        const rouge = rougeL(actual ?? '', text);
        const detail = ` (precision ${shownNumber(rouge.precision)}, recall ${shownNumber(rouge.recall)})`;
        return { text, value: rouge[measure], detail };
      });
      const best = compared.length === 0 ? undefined : bestOf(compared);
      return similarityScore({ name, path, passAt, texts, best });
    },
  });
}
