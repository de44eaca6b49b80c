import { AssayError } from '../../../core/errors/assay-error.js';
import { nanosecondsOf } from '../../../core/ids/nanoseconds.js';
import type { OutboxRecord } from '../../port.js';
import type { ForeignSpan, ForeignTrace, TargetExperiment, TraceOrigin } from '../../trace-port.js';
import { createFieldTexts, shortText, type FieldTexts } from '../../trace/field-text.js';
import type { LangfuseSettings } from '../options.js';
import { AttributeList } from '../v4/attribute-list.js';
import { metadataKey } from '../../trace/metadata-key.js';
import { attribute, legacyMark } from '../v4/attributes.js';
import { maxSpansBytes, spanJson } from '../v4/encode-spans.js';
import { tracedAttributes } from '../v4/traced-attributes.js';
import { movedSpanId, movedTraceId } from './ids.js';

/** From the usual to the desperate: how long one field may be, until the whole trace fits one request. */
const fieldBytes = [1_000_000, 250_000, 50_000, 10_000, 2_000, 500, 100] as const;

/** Attributes that the server reads for the trace as a whole, from whichever span carries them. */
const traceAttribute = {
  session: 'session.id',
  user: 'user.id',
  tags: 'langfuse.trace.tags',
} as const;

/** Says where a span comes from. */
export const movedFrom = {
  platform: 'assay.moved_from',
  trace: 'assay.moved_trace',
  span: 'assay.moved_span',
  group: 'assay.moved_group',
  /** Names change; spans are found by this. */
  groupId: 'assay.moved_group_id',
} as const;

export interface TraceEncoding {
  readonly trace: ForeignTrace;
  readonly origin: TraceOrigin;
  readonly experiment?: TargetExperiment | undefined;
  /** Of the server that it is made for. Default v4. */
  readonly generation?: 'v4' | 'v3' | undefined;
  readonly settings: Pick<LangfuseSettings, 'environment'>;
}

/**
 * A trace from elsewhere as one record: a JSON array of OTLP spans with their own times, whose export id is still open. Equal
 * input gives equal bytes.
 *
 * @throws AssayError MIGRATION_TRACE_INVALID where it has no span, or a span has no time.
 */
export function encodeTrace(encoding: TraceEncoding): OutboxRecord {
  const texts = createFieldTexts();
  for (const bytes of fieldBytes) {
    const record = encodeAt(encoding, texts, bytes);
    if (Buffer.byteLength(record.body) <= maxSpansBytes) return record;
  }
  throw invalid(encoding.trace, `has ${encoding.trace.spans.length} spans, which fit no request`);
}

function encodeAt(encoding: TraceEncoding, texts: FieldTexts, bytes: number): OutboxRecord {
  const { trace, origin } = encoding;
  const [root] = trace.spans;
  if (root === undefined) throw invalid(trace, 'has no span');
  const known = new Set(trace.spans.map(({ id }) => id));
  const common = new AttributeList(texts, bytes);
  addCommon(common, encoding, root);
  const ids: string[] = [];
  const spans = trace.spans.map((span): string => {
    const list = new AttributeList(texts, bytes);
    list.shared(common.all);
    if (span === root) addRoot(list, encoding);
    // It carries the words of instrumentation, so it shows as a span of instrumentation does.
    tracedAttributes(list, { ...span, path: '', parent: '', endedAt: span.endedAt ?? '' });
    addOrigin(list, encoding, span);
    if (list.cutFields.length > 0) list.metadata(metadataKey.cut, list.cutFields.join(', '));
    if (list.sanitised) list.metadata(metadataKey.sanitised, 'true');
    const spanId = movedSpanId(origin, span.id);
    ids.push(spanId);
    return spanJson({
      traceId: movedTraceId(origin, trace.id),
      spanId,
      // A parent that was deleted or never came would hang the span nowhere.
      ...(span.parentId === undefined || !known.has(span.parentId)
        ? {}
        : { parentSpanId: movedSpanId(origin, span.parentId) }),
      name: shortText(span.name, 200),
      ...timesOf(trace, span),
      attributes: list.all,
    });
  });
  return {
    kind: 'spans',
    body: `[${spans.join(',')}]`,
    traceId: movedTraceId(origin, trace.id),
    ids,
  };
}

/** What each span carries: on a v4 server each row stands alone. */
function addCommon(list: AttributeList, encoding: TraceEncoding, root: ForeignSpan): void {
  const { trace, experiment, generation, settings } = encoding;
  // Older servers refuse spans that are sent as a new one wants them, whether they are of an experiment or not.
  if (generation === 'v3') list.short(legacyMark, 'v3');
  list.short(attribute.traceName, root.name, 200);
  list.short(attribute.environment, settings.environment);
  if (trace.sessionId !== undefined) list.short(traceAttribute.session, trace.sessionId, 200);
  if (trace.userId !== undefined) list.short(traceAttribute.user, trace.userId, 200);
  if (trace.tags.length > 0) {
    list.short(traceAttribute.tags, JSON.stringify(trace.tags.slice(0, 50)), 10_000);
  }
  if (experiment === undefined) return;
  list.short(attribute.experimentId, experiment.id);
  list.short(attribute.experimentName, experiment.name);
  list.short(attribute.experimentDatasetId, experiment.datasetId);
  list.short(attribute.itemId, experiment.itemId);
  list.short(attribute.itemRoot, movedSpanId(encoding.origin, root.id));
}

function addRoot(list: AttributeList, { experiment }: TraceEncoding): void {
  if (experiment === undefined) return;
  list.field('expected', attribute.itemExpected, experiment.expected);
  // The same on each root: an arbitrary row decides what the experiment shows.
  list.json('experiment metadata', attribute.experimentMetadata, experiment.metadata);
  if (experiment.description !== undefined) {
    list.short(attribute.experimentDescription, experiment.description, 10_000);
  }
}

function addOrigin(list: AttributeList, { trace, origin }: TraceEncoding, span: ForeignSpan): void {
  list.metadata(movedFrom.platform, origin.platform);
  list.metadata(movedFrom.group, origin.group.name);
  list.metadata(movedFrom.groupId, origin.group.id);
  list.metadata(movedFrom.trace, trace.id);
  list.metadata(movedFrom.span, span.id);
}

function timesOf(trace: ForeignTrace, span: ForeignSpan) {
  const start = nanosecondsOf(span.startedAt);
  const end = span.endedAt === undefined ? start : nanosecondsOf(span.endedAt);
  if (start === undefined || end === undefined) throw invalid(trace, `has a span without a time`);
  return {
    startTimeUnixNano: String(start),
    // Clocks of two machines: an end before its start would be a negative latency for ever.
    endTimeUnixNano: String(end < start ? start : end),
  };
}

const invalid = (trace: ForeignTrace, what: string): AssayError =>
  new AssayError('MIGRATION_TRACE_INVALID', `The trace ${trace.id} ${what}.`);
