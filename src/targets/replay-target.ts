import { humanLabel, replayCode, replayTarget, storedOutput } from '../core/calibration/replay.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { Target } from './port.js';

/** Gives each item's stored output back and calls nothing: what labelled sets are run with. */
export function createReplayTarget(): Target {
  return {
    name: replayTarget,
    evaluators: undefined,
    missing: (_input, metadata) => [
      ...(storedOutput(metadata) === undefined ? ['output'] : []),
      ...(humanLabel(metadata) === undefined ? ['label'] : []),
    ],
    prompt: undefined,
    // A function's identity: like one it sees the item's metadata, so that reuse and re-runs look at it as well.
    identity: { kind: 'function', name: replayTarget, code: replayCode },
    run(_input, { item }) {
      const output = storedOutput(item.metadata);
      if (output !== undefined) return Promise.resolve(output);
      const message = `The item "${item.id}" holds no stored output.`;
      const mend = 'Run a labelled set: datasets/<name>/labels.json, .jsonl or .csv.';
      return Promise.reject(new AssayError('TARGET_FAILED', message, { mend }));
    },
  };
}
