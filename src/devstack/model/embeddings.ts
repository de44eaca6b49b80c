import { z } from 'zod';

import { findModel, parseBody } from './chat-request.js';
import { hashText } from './random.js';
import { featuresOf, featureWeight } from './text/features.js';
import { fold } from './text/words.js';
import { countTokens } from './tokens.js';
import { badRequest } from './wire-errors.js';

const requestSchema = z.looseObject({
  model: z.string(),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(2048),
    z.array(z.number()).min(1),
    z.array(z.array(z.number())).min(1).max(2048),
  ]),
  dimensions: z.int().min(8).max(1024).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});

const defaultDimensions = 256;

const textsOf = (input: z.infer<typeof requestSchema>['input']): readonly string[] => {
  if (typeof input === 'string') return [input];
  const first = input[0];
  if (typeof first === 'number') return [input.join(' ')];
  return input.map((each) => (typeof each === 'string' ? each : String(each)));
};

/** Feature hashing with signs (Weinberger et al. 2009). */
const addHashed = (vector: Float64Array, feature: string, weight: number): void => {
  const hash = hashText(feature);
  const index = hash % vector.length;
  vector[index] = (vector[index] ?? 0) + (hash & 0x40000000 ? weight : -weight);
};

/** A text's vector of unit length: its hashed meanings, stems and, less, its letter trigrams. */
const embed = (text: string, dimensions: number): Float32Array => {
  const vector = new Float64Array(dimensions);
  for (const [feature, count] of featuresOf(text))
    addHashed(vector, feature, (1 + Math.log(count)) * featureWeight(feature));
  const letters = ` ${fold(text).replace(/[^\p{L}\p{N}]+/gu, ' ')} `;
  for (let at = 0; at + 3 <= letters.length; at += 1)
    addHashed(vector, `~${letters.slice(at, at + 3)}`, 0.15);
  const norm = Math.hypot(...vector);
  // An empty text has no direction of its own: any fixed one will do.
  if (norm === 0) return Float32Array.from(vector, (_value, index) => (index === 0 ? 1 : 0));
  return Float32Array.from(vector, (value) => value / norm);
};

const base64 = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');

/** Answers `POST /v1/embeddings`. @throws WireError 400, 404 */
export const answerEmbeddings = (
  body: unknown,
): { readonly model: string; readonly body: string; readonly promptTokens: number } => {
  const request = parseBody(requestSchema, body);
  const model = findModel(request.model, 'embedding').id;
  const texts = textsOf(request.input);
  if (texts.includes('')) throw badRequest('The input must not be an empty string.', 'input');
  const promptTokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  const data = texts.map((text, index) => {
    const vector = embed(text, request.dimensions ?? defaultDimensions);
    const embedding = request.encoding_format === 'base64' ? base64(vector) : Array.from(vector);
    return { object: 'embedding', index, embedding };
  });
  const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
  return { model, promptTokens, body: JSON.stringify({ object: 'list', data, model, usage }) };
};
