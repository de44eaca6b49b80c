import { escapeHtml } from './page.js';

/** The lists of a comment as Assay writes it, and how each is called here. */
const lists = [
  ['failed_items', 'Failed'],
  ['passed_items', 'Passed'],
  ['suggestions', 'Suggested'],
] as const;

/** A comment for people: one that is JSON with a reasoning and lists as sentences, any other as it is. */
export function commentHtml(comment: string): string {
  const parsed = parse(comment);
  if (parsed === undefined) return escapeHtml(comment);
  const reasoning = parsed['reasoning'];
  const lines = typeof reasoning === 'string' && reasoning !== '' ? [escapeHtml(reasoning)] : [];
  for (const [member, title] of lists) {
    const entries = parsed[member];
    if (!Array.isArray(entries) || entries.length === 0) continue;
    lines.push(
      `<span class="muted">${title}:</span> ${escapeHtml(entries.map(String).join(', '))}`,
    );
  }
  return lines.join('<br>');
}

function parse(comment: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(comment);
    const known =
      typeof value === 'object' &&
      value !== null &&
      'reasoning' in value &&
      'failed_items' in value;
    return known ? value : undefined;
  } catch {
    return undefined;
  }
}
