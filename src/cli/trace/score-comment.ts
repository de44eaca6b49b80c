import { z } from 'zod';

import type { ScoreComment } from '../../contracts/records.js';

const commentSchema = z.object({
  passed_items: z.array(z.string()).default([]),
  failed_items: z.array(z.string()).default([]),
  reasoning: z.string(),
  suggestions: z.array(z.string()).default([]),
});

/** The comment of a score: ours is structured JSON; the text of anybody else's is its reasoning. */
export function readComment(text: string): ScoreComment {
  try {
    return commentSchema.parse(JSON.parse(text));
  } catch {
    return { passed_items: [], failed_items: [], reasoning: text, suggestions: [] };
  }
}
