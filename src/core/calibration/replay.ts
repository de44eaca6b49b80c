import { contentHash } from '../ids/hash.js';
import type { Json, JsonObject } from '../json/json.js';
import { readLabel, type HumanLabel } from './label.js';

/**
 * The target that calls nothing and gives each item's stored output back. A labelled set is run with it, so that a judge is
 * calibrated by the same path, with the same journal, as it judges by. The dot keeps the name apart from those of most configs.
 */
export const replayTarget = 'assay.replay';

/** In the place of the hash of a config's code: what the target does hangs on no config. */
export const replayCode = contentHash(['assay.replay', 1]);

/** Where a labelled item keeps what is judged and what people said of it. Judges see neither of an item's metadata. */
export const labelledKeys = { output: 'judged_output', label: 'human_label' } as const;

/** The stored output of an item; undefined where it has none. */
export function storedOutput(metadata: JsonObject): Json | undefined {
  return Object.hasOwn(metadata, labelledKeys.output) ? metadata[labelledKeys.output] : undefined;
}

/** What people said of an item; undefined where it has no label that can be read. */
export function humanLabel(metadata: JsonObject): HumanLabel | undefined {
  const label = Object.hasOwn(metadata, labelledKeys.label) ? metadata[labelledKeys.label] : null;
  const read = readLabel(label ?? null);
  return 'label' in read ? read.label : undefined;
}
