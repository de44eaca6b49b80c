import { contentHash } from '../../core/ids/hash.js';
import { canonicalJson, type Json } from '../../core/json/json.js';

/** One text of strangers, and what its block is called. */
export type FencedPart = readonly [name: string, value: Json];

/**
 * Shows texts of strangers in blocks that none of them can close: the tags share a code that stands in no text.
 *
 * The same parts give the same bytes: with random codes a repeated attempt would be another request, paid again.
 */
export function fenced(parts: readonly FencedPart[]): string {
  const texts = parts.map(([name, value]) => [name, readable(value)] as const);
  const code = freeCode(texts);
  return texts.map(([name, text]) => `<${name}-${code}>\n${text}\n</${name}-${code}>`).join('\n\n');
}

// A text cannot hold its own hash, so it cannot close its block; where one does all the same, another hash is taken.
function freeCode(texts: readonly (readonly [string, string])[]): string {
  for (let round = 0; ; round += 1) {
    const code = contentHash([round, texts]).slice(0, 16);
    if (!texts.some(([, text]) => text.toLowerCase().includes(code))) return code;
  }
}

// Keys sorted: the stored value comes back from the database in another order than it went in.
function readable(value: Json): string {
  const text =
    typeof value === 'string' ? value : JSON.stringify(JSON.parse(canonicalJson(value)), null, 2);
  return text.toWellFormed();
}
