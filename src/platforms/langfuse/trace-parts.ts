/** What reading a trace has in common, whichever API it is read by. */
import { AssayError } from '../../core/errors/assay-error.js';

/** What decides where an observation stands in its trace. */
interface PlacedObservation {
  readonly id: string;
  readonly startTime: string;
  readonly parentObservationId?: string | null | undefined;
}

/** Roots first, then by start; where two start at once, the one that stands higher. */
export function inReadingOrder<Row extends PlacedObservation>(
  rows: ReadonlyMap<string, Row>,
): readonly Row[] {
  const depths = new Map([...rows.values()].map((row) => [row.id, depthOf(row, rows)]));
  const depth = (row: Row): number => depths.get(row.id) ?? 0;
  return [...rows.values()].sort(
    (a, b) =>
      Math.min(depth(a), 1) - Math.min(depth(b), 1) ||
      Date.parse(a.startTime) - Date.parse(b.startTime) ||
      depth(a) - depth(b) ||
      (a.id < b.id ? -1 : 1),
  );
}

function depthOf(row: PlacedObservation, rows: ReadonlyMap<string, PlacedObservation>): number {
  let depth = 0;
  // Spans are foreign data: their parents can be missing or run in a ring.
  for (
    let parent = row.parentObservationId ?? '';
    parent !== '' && depth <= rows.size;
    parent = rows.get(parent)?.parentObservationId ?? ''
  ) {
    depth += 1;
  }
  return depth;
}

// Cached and reasoning tokens are kinds of their own, named `input_…` and `output_…`.
export function tokens(
  details: Readonly<Record<string, number>> | null | undefined,
  side: 'input' | 'output',
): number | undefined {
  const own = Object.entries(details ?? {}).filter(([kind]) => kind.startsWith(side));
  return own.length === 0 ? undefined : own.reduce((sum, [, count]) => sum + count, 0);
}

// Texts that were never set are "" in some answers and null in others.
export function present(text: string | null | undefined): string | undefined {
  return text === null || text === undefined || text === '' ? undefined : text;
}

export function traceMissing(baseUrl: string, traceId: string): AssayError {
  return new AssayError(
    'TRACE_NOT_FOUND',
    `Langfuse at ${baseUrl} shows no trace ${JSON.stringify(traceId)}.`,
    { mend: 'Check the id; a trace that was just sent is readable after some seconds.' },
  );
}
