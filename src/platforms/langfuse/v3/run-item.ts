import { AssayError } from '../../../core/errors/assay-error.js';
import type { OutboundExport } from '../../port.js';
import { attribute, legacyMark, type OtlpSpan } from '../v4/attributes.js';

/**
 * What puts the trace of a cell into its run on a v3 server: a dataset run item. It is read from the root span as it is stored,
 * which says all of it: so there is nothing that has to be stored, counted and sent beside the spans.
 */
export interface RunItem {
  readonly rowId: string;
  readonly traceId: string;
  /** The trace is published when its run shows it, so the root span stands for both. */
  readonly rootId: string;
  readonly datasetId: string;
  readonly runName: string;
  readonly datasetItemId: string;
  readonly description: string | undefined;
  /** The run's metadata; names the run as ours. */
  readonly metadata: unknown;
  /** When the cell began, in milliseconds of the worker's clock. */
  readonly startedAt: number;
}

// Quotes within texts are escaped, so this can only be the key of an attribute.
const mark = `"key":${JSON.stringify(legacyMark)}`;

/** Whether these spans were made for a v3 server. */
export function isForLegacy({ kind, records }: OutboundExport): boolean {
  return kind === 'spans' && records.some(({ body }) => body.includes(mark));
}

/** The run items of the cells whose roots are in the export. */
export function runItemsOf(batch: OutboundExport): readonly RunItem[] {
  return batch.records.flatMap(({ rowId, traceId, body }): readonly RunItem[] => {
    if (!body.includes(mark)) return [];
    const spans = JSON.parse(body) as readonly OtlpSpan[];
    // A trace that was made elsewhere may be of no run, and may hold spans whose parents never came.
    const root = spans.find(
      ({ parentSpanId, attributes }) =>
        parentSpanId === undefined &&
        attributes.some(({ key }) => key === attribute.experimentMetadata),
    );
    return root === undefined ? [] : [runItem(root, { rowId, traceId })];
  });
}

function runItem(
  root: OtlpSpan,
  { rowId, traceId }: { readonly rowId: string; readonly traceId: string },
): RunItem {
  const texts = new Map(
    root.attributes.flatMap(({ key, value }): readonly (readonly [string, string])[] =>
      'stringValue' in value ? [[key, value.stringValue]] : [],
    ),
  );
  const text = (key: string): string => {
    const value = texts.get(key);
    if (value === undefined) throw new AssayError('INTERNAL', `A stored root span lacks ${key}.`);
    return value;
  };
  return {
    rowId,
    traceId,
    rootId: root.spanId,
    datasetId: text(attribute.experimentDatasetId),
    runName: text(attribute.experimentName),
    datasetItemId: text(attribute.itemId),
    description: texts.get(attribute.experimentDescription),
    metadata: JSON.parse(text(attribute.experimentMetadata)) as unknown,
    startedAt: Math.floor(Number(root.startTimeUnixNano) / 1e6),
  };
}
