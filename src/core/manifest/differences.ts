import type { Manifest, ManifestDifference } from '../../contracts/manifest.js';
import { jsonDifferences } from '../json/differences.js';

/** Evaluators are matched by name, so that one more of them is one difference and not a shifted list. */
const keyed = (manifest: Manifest): Readonly<Record<string, unknown>> => ({
  ...manifest,
  evaluators: Object.fromEntries(manifest.evaluators.map((each) => [each.name, each])),
});

/** The ways in which a submitted manifest differs from the recorded one; empty where they are the same run. */
export const manifestDifferences = (
  recorded: Manifest,
  submitted: Manifest,
): readonly ManifestDifference[] => jsonDifferences(keyed(recorded), keyed(submitted));
