import { retryAfterMs } from './retry-after.js';
import type { HttpAnswer } from './transport.js';

export function isHtml(answer: HttpAnswer): boolean {
  return (answer.header('content-type') ?? '').includes('text/html') || /^\s*</.test(answer.text);
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The wait after an answer that something in front of the server gave: a deploy takes longer than a stumble. */
const passingWaitMs = 15_000;

/** How long to wait after an answer that passes: as long as it asks, 15 s where it does not. */
export function passingWait(answer: HttpAnswer, now: number): number {
  const header = answer.header('retry-after');
  return header === undefined ? passingWaitMs : retryAfterMs(header, now);
}

/** The text on one line, without control characters, at most 300 characters. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what must not reach a terminal
  const line = text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299).toWellFormed()}…` : line;
}
