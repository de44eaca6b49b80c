import { createHash } from 'node:crypto';

import { datasetLine } from '../core/manifest/dataset-hash.js';
import { createRunFile, type FingerprintEntry, type RunFile } from './run-file.js';

/** Ids that came more than once. */
export interface RepeatedIds {
  readonly count: number;
  /** The first hundred in the order of ids: the later place and the first one. */
  readonly examples: readonly {
    readonly id: string;
    readonly place: number;
    readonly first: number;
  }[];
}

/** The identity of a dataset's content, taken while its items stream by in any order. */
export interface DatasetFingerprint {
  add(entry: FingerprintEntry): Promise<void>;
  /** Equal to `datasetHash` of all entries. */
  finish(): Promise<{
    readonly itemsHash: string;
    readonly items: number;
    readonly repeated: RepeatedIds;
  }>;
  /** Gives the temporary file back; to be called whatever happens. */
  close(): Promise<void>;
}

/** Entries that are sorted in memory at a time: about 15 MB. */
const defaultHeld = 50_000;
const mostExamples = 100;

/**
 * Makes a fingerprint. Up to `held` entries stay in memory; of more, sorted runs go to a temporary file and are merged, so
 * that a million items take the memory of fifty thousand. Equal ids meet in the merge, so each repetition is found, exactly.
 *
 * @param held - Default 50,000.
 */
export function createDatasetFingerprint(held: number = defaultHeld): DatasetFingerprint {
  let entries: FingerprintEntry[] = [];
  let runs: RunFile | undefined;
  return {
    async add(entry) {
      entries.push(entry);
      if (entries.length < held) return;
      runs ??= await createRunFile();
      const sorted = entries.sort(byIdAndPlace);
      entries = [];
      await runs.write(sorted);
    },
    async finish() {
      const rest = entries.sort(byIdAndPlace);
      entries = [];
      if (runs === undefined) return digest([rest]);
      await runs.write(rest);
      return digest(runs.merged(byIdAndPlace));
    },
    close: async () => {
      await runs?.close();
    },
  };
}

// By UTF-16 code units, as `datasetHash` sorts.
const byIdAndPlace = (a: FingerprintEntry, b: FingerprintEntry): number =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : a.place - b.place;

async function digest(
  pages: AsyncIterable<readonly FingerprintEntry[]> | Iterable<readonly FingerprintEntry[]>,
): Promise<{ itemsHash: string; items: number; repeated: RepeatedIds }> {
  const hash = createHash('sha256');
  const examples: { id: string; place: number; first: number }[] = [];
  let items = 0;
  let count = 0;
  let first: FingerprintEntry | undefined;
  for await (const page of pages) {
    const lines: string[] = [];
    for (const entry of page) {
      lines.push(`${items === 0 ? '' : '\n'}${datasetLine(entry.id, entry.hash)}`);
      items += 1;
      if (first?.id !== entry.id) first = entry;
      else {
        count += 1;
        if (examples.length < mostExamples) {
          examples.push({ id: entry.id, place: entry.place, first: first.place });
        }
      }
    }
    hash.update(lines.join(''));
  }
  return { itemsHash: hash.digest('hex'), items, repeated: { count, examples } };
}
