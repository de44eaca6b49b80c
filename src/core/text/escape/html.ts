import { visible } from './visible.js';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // Old browsers took it for a quote of attributes.
  '`': '&#96;',
};

/**
 * Text for an HTML element's content or a quoted attribute's value. Not for the inside of `<script>` or
 * `<style>`, where entities are not read, nor for addresses, whose scheme must be checked.
 */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => entities[character] ?? character);
}
