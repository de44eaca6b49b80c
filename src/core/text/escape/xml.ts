import { visible } from './visible.js';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  // Needed after `]]`, harmless elsewhere.
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // Bare in an attribute they would be read as spaces.
  '\n': '&#10;',
  '\t': '&#9;',
};

/**
 * Text for XML 1.0, as an element's content or an attribute's value. XML 1.0 forbids most control characters even
 * as references (section 2.2, Char), so they are shown as pictures; the two non-characters that are left become
 * U+FFFD.
 */
export function escapeXml(text: string): string {
  return visible(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"'\n\t]/g, (character) => entities[character] ?? character);
}
