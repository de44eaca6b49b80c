import type { PromptContent } from '../../contracts/prompt.js';
import { contentHash } from '../ids/hash.js';
import { canonicalJson } from '../json/json.js';

/** The largest content of one version, in UTF-8 bytes of its canonical form: it goes through a workflow whole. */
export const maxPromptBytes = 256 * 1024;

const labelDigits = 24;

/** sha256 of a prompt's canonical content: body and config; labels, tags and who wrote it are no part of it. */
export function promptContentHash({ body, config }: PromptContent): string {
  return contentHash({ body, config });
}

/** The label that finds a content on a platform again. */
export function contentLabel(hash: string): string {
  return `assay-${hash.slice(0, labelDigits)}`;
}

/** The size that {@link maxPromptBytes} bounds. */
export function promptBytes({ body, config }: PromptContent): number {
  return new TextEncoder().encode(canonicalJson({ body, config })).length;
}
