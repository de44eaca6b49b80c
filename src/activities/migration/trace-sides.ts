import { AssayError } from '../../core/errors/assay-error.js';
import type {
  TraceGroup,
  TraceOrigin,
  TraceSink,
  TraceSource,
} from '../../platforms/trace-port.js';
import type { MovedRow } from '../../store/moves/items.js';
import type { Moving } from './moving.js';

/** What moving traces needs of both sides. */
export interface TraceSides {
  readonly source: TraceSource;
  readonly sink: TraceSink;
}

/** A group on its way. */
export interface MovedGroup {
  readonly row: MovedRow;
  readonly group: TraceGroup;
  readonly origin: TraceOrigin;
}

/** @throws AssayError PLATFORM_UNSUPPORTED where a side knows no traces. */
export function traceSides({ source, target }: Moving): TraceSides {
  if (source.traceSource !== undefined && target.traceSink !== undefined) {
    return { source: source.traceSource, sink: target.traceSink };
  }
  throw new AssayError(
    'PLATFORM_UNSUPPORTED',
    `Traces cannot be moved from ${source.name} to ${target.name}.`,
  );
}
