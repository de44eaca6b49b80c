import { cut } from './score-text.js';

/** The message of whatever was thrown, cut; `instanceof` would miss errors of another realm. */
export function messageOf(thrown: unknown, length = 500): string {
  const isError = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
  return cut(String(isError ? thrown.message : thrown), length);
}
