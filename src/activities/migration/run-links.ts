import type { TraceGroup } from '../../platforms/trace-port.js';
import { datasetThere, repetitionName } from './experiment-place.js';
import type { Moving } from './moving.js';
import { traceSides } from './trace-sides.js';

/** How often a trace stands in a run of this name. */
export interface RunLinks {
  /** What is compared beside the ids of a trace's spans; nothing where it is in no run. */
  readonly marks: (traceId: string) => readonly string[];
  /** Whether it is in one run twice. */
  readonly isTwice: (traceId: string) => boolean;
}

/** The mark of a trace that is in the run of this name. */
export const runMark = (name: string): string => `run ${name}`;

/**
 * The runs of an experiment, one for each repetition, where the target keeps them apart from traces: a trace whose spans all
 * stand there is lost to its experiment if it is in no run. Undefined where the spans say it.
 */
export async function linksOfGroup(
  moving: Moving,
  { name, dataset }: Pick<TraceGroup, 'name' | 'dataset'>,
): Promise<RunLinks | undefined> {
  if (dataset === undefined || moving.sides.target.generation !== 'v3') return undefined;
  const there = await datasetThere(moving, dataset);
  if (there === undefined) return undefined;
  const { sink } = traceSides(moving);
  const marks = new Map<string, string[]>();
  const twice = new Set<string>();
  for (let repetition = 1; ; repetition += 1) {
    const run = { datasetId: there.id, name: repetitionName(name, repetition) };
    const links = await sink.findLinks(run, moving.signal);
    if (links === undefined || links.size === 0) break;
    for (const [traceId, count] of links) {
      marks.set(traceId, [...(marks.get(traceId) ?? []), runMark(run.name)]);
      if (count > 1) twice.add(traceId);
    }
  }
  return {
    marks: (traceId) => marks.get(traceId) ?? [],
    isTwice: (traceId) => twice.has(traceId),
  };
}
