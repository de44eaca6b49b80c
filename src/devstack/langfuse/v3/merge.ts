import type { Metadata, ObservationPart, TracePart, V3Detail } from './parts.js';

/** A later write of a trace over an earlier state: what it says wins, metadata deep, tags united. */
export function mergeTrace(earlier: TracePart, later: TracePart): TracePart {
  return {
    ...earlier,
    ...said(later),
    // The first environment stays; the earliest time is that of the trace.
    environment: earlier.environment ?? later.environment,
    timestamp: earlier.timestamp < later.timestamp ? earlier.timestamp : later.timestamp,
    tags: united(earlier.tags, later.tags),
    metadata: deep(earlier.metadata, later.metadata),
  };
}

/** A later write of an observation over an earlier state. */
export function mergeObservation(
  earlier: ObservationPart,
  later: ObservationPart,
): ObservationPart {
  if (later.replaces) return later;
  const detail: V3Detail = { ...earlier.detail, ...said(later.detail) };
  return {
    ...earlier,
    ...said(later),
    trace_id: earlier.trace_id ?? later.trace_id,
    start_time: earlier.start_time ?? later.start_time,
    environment: earlier.environment ?? later.environment,
    // An update says its endpoint's type, a create the observation's own.
    type: earlier.type ?? later.type,
    metadata: deep(earlier.metadata, later.metadata),
    detail,
  };
}

/** The fields that have a value. */
function said<T extends object>(part: T): Partial<T> {
  const given = Object.entries(part).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given) as Partial<T>;
}

function united(
  earlier: readonly string[] | undefined,
  later: readonly string[] | undefined,
): readonly string[] | undefined {
  if (earlier === undefined || later === undefined) return earlier ?? later;
  return [...new Set([...earlier, ...later])].sort();
}

const isMap = (value: unknown): value is Metadata =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function deep(earlier: Metadata | undefined, later: Metadata | undefined): Metadata | undefined {
  if (earlier === undefined || later === undefined) return earlier ?? later;
  const merged = new Map(Object.entries(earlier));
  for (const [key, value] of Object.entries(later)) {
    const before = merged.get(key);
    merged.set(key, isMap(before) && isMap(value) ? deep(before, value) : value);
  }
  return Object.fromEntries(merged);
}
