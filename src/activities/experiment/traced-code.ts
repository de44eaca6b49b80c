import type { ModelCaller } from '../../models/port.js';
import {
  noTrace,
  type AttemptOf,
  type AttemptTrace,
  type TracedPlace,
} from '../../tracing/port.js';
import type { ExperimentPorts } from './ports.js';
import type { RunningExperiment } from './running-experiment.js';

/** A target or an evaluator, by what of it is looked at here. */
interface Part {
  readonly identity: { readonly kind: string };
}

const isCode = ({ identity }: Part): boolean => identity.kind === 'function';

/**
 * Collects the spans of one attempt at a cell while `work` goes on. Where no code of users runs, or nothing of the run is
 * published, it costs nothing.
 */
export async function collecting<Result>(
  of: AttemptOf,
  { run, ports }: { readonly run: RunningExperiment; readonly ports: ExperimentPorts },
  work: (trace: AttemptTrace) => Promise<Result>,
): Promise<Result> {
  if (run.publications.length === 0) return work(noTrace);
  if (!isCode(run.target) && !run.evaluators.some(isCode)) return work(noTrace);
  const trace = ports.tracing.begin(of);
  try {
    return await work(trace);
  } finally {
    trace.close();
  }
}

/** Where a part of the run stands in the trace; what is no code of users needs no context of its own. */
export const placeOf = (trace: AttemptTrace, path: string, part: Part): TracedPlace =>
  (trace !== noTrace && isCode(part) ? trace : noTrace).place(path);

/**
 * The models as code at a place sees them: a call stands below the span that it is made in, and the spans of libraries that we
 * use for it are nobody's.
 */
export function tracedModels(
  place: TracedPlace,
  callerAt: (parent: string | undefined) => ModelCaller,
): ModelCaller {
  return {
    chat: (request) => {
      const caller = callerAt(place.current());
      return place.outside(() => caller.chat(request));
    },
    embed: (request) => {
      const caller = callerAt(place.current());
      return place.outside(() => caller.embed(request));
    },
  };
}
