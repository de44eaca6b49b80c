/**
 * Text made harmless before any channel's own escaping: what a reader cannot see becomes something that they can.
 */

// C0 controls without tab, line feed and carriage return; DEL; C1 controls.
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
// Overrides, embeddings, isolates and marks that reorder what is shown ("Trojan Source"), the separators that some readers take
// for line ends, and what is not seen at all and can smuggle text or make two texts look alike: tags, annotations, invisible
// operators, spaces without width, soft hyphens, fillers, the variation selectors that no font of ours knows. Joiners
// (U+200C, U+200D) and the first sixteen selectors stay: emoji and many scripts need them.
const unseen =
  /[\u{e0100}-\u{e01ef}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

const codePoint = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

// The pictures of Unicode's block for it: U+2400 stands for NUL, U+241B for escape, U+2421 for delete.
function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '\u2421' : codePoint(character);
}

/**
 * The text with control characters as pictures (`␀`, `␛`), reordering and invisible ones as `\u{202e}`, and half
 * surrogate pairs as U+FFFD. Line ends become `\n`; tabs stay.
 */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(controls, picture)
    .replace(unseen, codePoint);
}

/** {@link visible} on one line: line ends become ` ⏎ `, tabs a space. */
export function visibleLine(text: string): string {
  return visible(text).replace(/\n/g, ' ⏎ ').replace(/\t/g, ' ');
}
