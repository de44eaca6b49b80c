import type { TargetFunction } from 'assay';

import { articles } from '../knowledge/articles.js';

const common = new Set(
  'a an and are as at be by can do does for from get have how i if in is it its me my of on or so that the this to was we what when where which why will with you your'.split(
    ' ',
  ),
);

/** Words without endings that seldom matter: parcels and parcel, charged and charge are one word. */
function wordsOf(text: string): readonly string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words
    .filter((word) => !common.has(word))
    .map((word) => word.replace(/(?:ing|ed|es|s|e)$/u, ''));
}

// The title says what an article is about: it counts three times.
const indexed = articles.map(({ id, title, text }) => {
  const words = wordsOf(`${title} ${title} ${title} ${text}`);
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return { id, counts, length: words.length };
});
const meanLength = indexed.reduce((sum, { length }) => sum + length, 0) / indexed.length;

/**
 * Finds the help articles for a question: Okapi BM25 (Robertson et al., 1994) over titles and texts, with the usual k1 = 1.2
 * and b = 0.75. Search by words, as a help centre has it: what it misses are questions in other words or languages.
 */
export const findArticles: TargetFunction = (input) => {
  const question = typeof input['question'] === 'string' ? input['question'] : '';
  const terms = new Set(wordsOf(question));
  const ranked = indexed
    .map(({ id, counts, length }) => {
      let score = 0;
      for (const term of terms) {
        const n = counts.get(term) ?? 0;
        const holding = indexed.filter((each) => each.counts.has(term)).length;
        const idf = Math.log(1 + (indexed.length - holding + 0.5) / (holding + 0.5));
        score += (idf * n * 2.2) / (n + 1.2 * (0.25 + (0.75 * length) / meanLength));
      }
      return { id, score: Math.round(score * 1000) / 1000 };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  return { articles: ranked.slice(0, 5) };
};
