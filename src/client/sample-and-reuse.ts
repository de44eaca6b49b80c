import type { DatasetSample } from '../contracts/manifest.js';
import type { ReuseReport } from '../core/report/index.js';
import { countReused } from '../store/reuse.js';
import type { ExperimentRecord } from '../store/experiments.js';
import type { Store } from '../store/store.js';

/** The part of a dataset that a run takes. */
export interface SampleView {
  /** Items that are run. */
  readonly items: number;
  /** Items that were asked for. */
  readonly asked: number;
  /** How it was drawn from how many; undefined where all items are run, since as many were asked for. */
  readonly drawn: DatasetSample | undefined;
}

/** What a run took over from earlier ones. */
export interface ReuseView {
  /** Cells whose output was taken over, so far. */
  readonly cells: number;
  /** After the end: from which runs, by evaluator, and what it cost when it was made. */
  readonly details: ReuseReport | undefined;
}

export function sampleOf({ spec, manifest }: ExperimentRecord): SampleView | undefined {
  if (spec.quick === undefined || manifest === undefined) return undefined;
  const { items, sample } = manifest.dataset;
  return { items, asked: spec.quick.items, drawn: sample };
}

export async function reuseOf(
  store: Store,
  { id, spec, summary }: ExperimentRecord,
): Promise<ReuseView | undefined> {
  if (!spec.reuse) return undefined;
  // Written by our own engine at the end of the run.
  const { reuse } = (summary ?? {}) as { readonly reuse?: ReuseReport | null };
  const details = reuse ?? undefined;
  return { cells: details?.cells ?? (await countReused(store, id)), details };
}
