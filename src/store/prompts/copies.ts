import { promptContentSchema, type PromptContent } from '../../contracts/prompt.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

/** Which copy. */
export interface PromptCopyKey {
  readonly project: string;
  /** Which server, and which project of it. */
  readonly source: string;
  readonly prompt: string;
  /** `label:production` or `version:3`. */
  readonly selector: string;
}

/** The last good answer of a platform. */
export interface PromptCopy {
  readonly version: string;
  readonly content: PromptContent;
  readonly contentHash: string;
  readonly labels: readonly string[];
}

/** Keeps an answer in place of the one before it; an equal one only renews its time. */
export async function keepPromptCopy(
  on: Queryable,
  key: PromptCopyKey,
  copy: PromptCopy,
): Promise<void> {
  await countOf(
    on,
    `insert into assay.prompt_copies (project, source, prompt, selector, version, content, content_hash, labels)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (project, source, prompt, selector) do update
        set version = excluded.version, content = excluded.content, content_hash = excluded.content_hash,
            labels = excluded.labels, fetched_at = clock_timestamp()`,
    [
      key.project,
      key.source,
      key.prompt,
      key.selector,
      copy.version,
      JSON.stringify(copy.content),
      copy.contentHash,
      JSON.stringify(copy.labels),
    ],
  );
}

/** The copy of a prompt, if there is one. */
export async function findPromptCopy(
  on: Queryable,
  key: PromptCopyKey,
): Promise<PromptCopy | undefined> {
  const [row] = await rowsOf<{
    version: string;
    content: unknown;
    content_hash: string;
    labels: readonly string[];
  }>(
    on,
    `select version, content, content_hash, labels from assay.prompt_copies
      where project = $1 and source = $2 and prompt = $3 and selector = $4`,
    [key.project, key.source, key.prompt, key.selector],
  );
  if (row === undefined) return undefined;
  const content = promptContentSchema.parse(row.content);
  return { version: row.version, content, contentHash: row.content_hash, labels: row.labels };
}

/** Drops the copy of a prompt that the platform has no more. */
export async function dropPromptCopy(on: Queryable, key: PromptCopyKey): Promise<void> {
  await countOf(
    on,
    `delete from assay.prompt_copies
      where project = $1 and source = $2 and prompt = $3 and selector = $4`,
    [key.project, key.source, key.prompt, key.selector],
  );
}
