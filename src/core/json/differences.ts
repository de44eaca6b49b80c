import { canonicalJson, isObject } from './json.js';

/** One place in which two values differ. */
export interface Difference {
  /** The place: `target.model`, `slices[0]`; the empty text is the whole. */
  readonly at: string;
  /** What was kept before; cut after 120 characters. */
  readonly recorded: string;
  /** What is asked for now; cut alike. */
  readonly submitted: string;
}

const shown = 120;

const show = (value: unknown): string => {
  if (value === undefined) return '(absent)';
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length > shown ? `${text.slice(0, shown)}… (${text.length} characters)` : text;
};

/** The places in which a submitted value differs from a recorded one; lists of two lengths differ as a whole. */
export function jsonDifferences(recorded: unknown, submitted: unknown): readonly Difference[] {
  const differences: Difference[] = [];
  const walk = (path: string, a: unknown, b: unknown): void => {
    if (isObject(a) && isObject(b)) {
      for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
        walk(path === '' ? key : `${path}.${key}`, a[key], b[key]);
      }
      return;
    }
    const [left, right] = [a, b].map((each) => (each === undefined ? '' : canonicalJson(each)));
    if (left === right) return;
    if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      a.forEach((entry: unknown, index) => walk(`${path}[${index}]`, entry, b[index]));
      return;
    }
    differences.push({ at: path, recorded: show(a), submitted: show(b) });
  };
  walk('', recorded, submitted);
  return differences;
}

/** How a difference is told as a problem of a conflict. */
export const differenceProblem = ({
  at,
  recorded,
  submitted,
}: Difference): { readonly at: string; readonly message: string } => ({
  at,
  message: `recorded ${recorded}, submitted ${submitted}`,
});
