import { z } from 'zod';

import type { Usage } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';

const usageSchema = z.object({ prompt_tokens: z.number() });

const embeddingsSchema = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()) })).min(1),
});

/** Vectors, read from the bytes of an answer. */
export interface ParsedEmbeddings {
  /** In the order of the texts. */
  readonly vectors: readonly (readonly number[])[];
  readonly usage: Usage | undefined;
}

/**
 * Reads a stored answer of `/embeddings`.
 *
 * @param texts how many were sent.
 * @throws AssayError MODEL_ANSWER_INVALID where the bytes are no such answer, or a text has no vector.
 */
export function parseEmbeddings(body: Buffer, texts: number): ParsedEmbeddings {
  const parsed = embeddingsSchema.safeParse(jsonOf(body));
  if (!parsed.success) {
    throw new AssayError('MODEL_ANSWER_INVALID', 'The answer of the model holds no vectors.', {
      problems: parsed.error.issues.slice(0, 5).map((issue) => ({
        at: issue.path.join('.'),
        message: issue.message,
      })),
    });
  }
  const byIndex = new Map(parsed.data.data.map(({ index, embedding }) => [index, embedding]));
  const vectors = Array.from({ length: texts }, (_, index) => byIndex.get(index) ?? []);
  const missing = vectors.findIndex((vector) => vector.length === 0);
  if (missing >= 0) {
    throw new AssayError(
      'MODEL_ANSWER_INVALID',
      `The model gave no vector for text ${missing + 1}.`,
    );
  }
  return { vectors, usage: embeddingUsageOf(body) };
}

/** The tokens of a stored answer; undefined where it says none. */
export function embeddingUsageOf(body: Buffer): Usage | undefined {
  const parsed = z.object({ usage: usageSchema }).safeParse(jsonOf(body));
  if (!parsed.success) return undefined;
  return { inputTokens: parsed.data.usage.prompt_tokens, outputTokens: 0 };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
