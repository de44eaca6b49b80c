import type { Json } from '../json/json.js';

/** What people said of an output: whether it passes, how good it is from 0 to 1, or which of two they prefer. */
export type HumanLabel =
  | { readonly kind: 'verdict'; readonly passed: boolean }
  | { readonly kind: 'grade'; readonly grade: number }
  | { readonly kind: 'preference'; readonly preferred: 'output' | 'other' | 'tie' };

const verdicts: ReadonlyMap<string, boolean> = new Map([
  ['pass', true],
  ['passed', true],
  ['fail', false],
  ['failed', false],
]);
const preferences: ReadonlySet<string> = new Set(['output', 'other', 'tie']);

/** How the labels of one kind are called, for people. */
export const labelKinds: Readonly<Record<HumanLabel['kind'], string>> = {
  verdict: 'true or false, or "pass" or "fail"',
  grade: 'a number from 0 to 1',
  preference: '"output", "other" or "tie"',
};

/** Reads one label, or says why it is none. */
export function readLabel(
  value: Json,
): { readonly label: HumanLabel } | { readonly problem: string } {
  if (typeof value === 'boolean') return { label: { kind: 'verdict', passed: value } };
  if (typeof value === 'number') {
    return value >= 0 && value <= 1
      ? { label: { kind: 'grade', grade: value } }
      : { problem: 'has a label that is a number outside of 0 to 1' };
  }
  if (typeof value === 'string') {
    const text = value.trim().toLowerCase();
    const passed = verdicts.get(text);
    if (passed !== undefined) return { label: { kind: 'verdict', passed } };
    if (preferences.has(text)) {
      return { label: { kind: 'preference', preferred: text as 'output' | 'other' | 'tie' } };
    }
  }
  return { problem: `has a label that is none of: ${Object.values(labelKinds).join('; ')}` };
}
