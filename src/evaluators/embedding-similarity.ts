import { AssayError } from '../core/errors/assay-error.js';
import { modelIdentity } from '../models/model-identity.js';
import type { EmbedRequest } from '../models/port.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { bestOf, comparedTexts } from './judged-text.js';
import { pathOption } from './judged-value.js';
import { similarityScore } from './text-similarity.js';

/**
 * How near the output is to the expected text in meaning: the cosine of their vectors. NUMERIC in [−1, 1].
 *
 * One call for each output, through the journal, with the output first and then each expected text, of which the nearest
 * counts; its cost is one of embeddings. Empty texts have no vector: an empty output, or one with nothing at `path`, scores 0
 * without a call. With nothing expected it does not apply.
 */
export function buildEmbeddingSimilarity(building: Building<'embedding_similarity'>): Built {
  const { name, config, models } = building;
  const { path, parameters, passAt, required } = config;
  const model = models[config.model];
  if (model === undefined) return { problems: [unknownModel(building)] };
  const identity = modelIdentity(model);
  const requestFor = (input: readonly string[]): EmbedRequest => ({
    model: config.model,
    input,
    parameters,
  });
  const nonEmpty = (texts: readonly string[]): readonly string[] =>
    texts.filter((text) => text.trim() !== '');
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: { ...pathOption(path), ...given({ passAt }) },
      models: { asked: { ...identity, parameters: { ...identity.parameters, ...parameters } } },
    },
    plannedVectors: {
      model: config.model,
      requestFor(evaluation) {
        const texts = comparedTexts(evaluation, { name, path });
        const expected = nonEmpty(texts?.expected ?? []);
        return expected.length === 0 ? undefined : requestFor([texts?.actual ?? '', ...expected]);
      },
    },
    async evaluate(evaluation, { models: caller, signal }) {
      const texts = comparedTexts(evaluation, { name, path });
      const expected = nonEmpty(texts?.expected ?? []);
      if (texts === undefined || expected.length === 0) return [];
      const { actual } = texts;
      if (actual === undefined || actual.trim() === '') {
        const missing = texts.missing === '' ? 'The output is empty.' : texts.missing;
        const none = { ...texts, missing };
        return similarityScore({ name, path, passAt, texts: none, best: undefined });
      }
      const { vectors } = await caller.embed({ ...requestFor([actual, ...expected]), signal });
      const [own, ...others] = vectors;
      const compared = expected.map((text, at) => ({
        text,
        value: cosine({ a: own ?? [], b: others[at] ?? [], name }),
      }));
      return similarityScore({ name, path, passAt, texts, best: bestOf(compared) });
    },
  });
}

/** The cosine of two vectors, a·b ÷ (|a| |b|), which rounding must not carry past 1. */
function cosine(of: { a: readonly number[]; b: readonly number[]; name: string }): number {
  const { a, b, name } = of;
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
  const size = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
  if (a.length !== b.length || !Number.isFinite(size) || size === 0) {
    throw new AssayError(
      'EVALUATOR_RESULT_INVALID',
      `"${name}" got vectors that cannot be compared (${a.length} and ${b.length} dimensions).`,
    );
  }
  return Math.min(1, Math.max(-1, dot(a, b) / size));
}

function unknownModel({ name, config, models }: Building<'embedding_similarity'>) {
  const known = Object.keys(models);
  return {
    at: `evaluators.${name}.model`,
    message: `There is no model "${config.model}" in the config.`,
    mend: known.length > 0 ? `Known models: ${known.join(', ')}.` : 'Add it under `models`.',
  };
}
