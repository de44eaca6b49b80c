import { visible, visibleLine } from './visible.js';

/**
 * One line for a terminal: no escape sequence (colours, titles, links, clipboard, screen clearing), carriage
 * return or reordering in it is obeyed; all are shown instead.
 */
export function terminalLine(text: string): string {
  return visibleLine(text);
}

/** {@link terminalLine} with its line ends and tabs kept. */
export function terminalText(text: string): string {
  return visible(text);
}
