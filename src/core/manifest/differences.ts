import type { Manifest, ManifestDifference } from '../../contracts/manifest.js';
import { canonicalJson, isObject } from '../json/json.js';

const shown = 120;

const show = (value: unknown): string => {
  if (value === undefined) return '(absent)';
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length > shown ? `${text.slice(0, shown)}… (${text.length} characters)` : text;
};

/** Evaluators are matched by name, so that one more of them is one difference and not a shifted list. */
const keyed = (manifest: Manifest): Readonly<Record<string, unknown>> => ({
  ...manifest,
  evaluators: Object.fromEntries(manifest.evaluators.map((each) => [each.name, each])),
});

/** The ways in which a submitted manifest differs from the recorded one; empty where they are the same run. */
export function manifestDifferences(
  recorded: Manifest,
  submitted: Manifest,
): readonly ManifestDifference[] {
  const differences: ManifestDifference[] = [];
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
  walk('', keyed(recorded), keyed(submitted));
  return differences;
}
