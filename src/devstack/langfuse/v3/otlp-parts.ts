import type { Attributes } from '../otlp/attributes.js';
import { readAttributes, textOf } from '../otlp/attributes.js';
import type { OtlpExport, OtlpScopeSpans, OtlpSpan } from '../otlp/export-request.js';
import { idText } from '../otlp/export-request.js';
import { nestedMetadata, ownMetadata } from '../otlp/metadata.js';
import type { SpanRow } from '../otlp/span-row.js';
import { spanRow } from '../otlp/span-row.js';
import { givenCost, usageOf } from '../otlp/usage.js';
import type { ObservationPart, TracePart, V3Parts } from './parts.js';

/** What the spans of an export say of traces and observations, as the v3 tables keep them. */
export function otlpParts({ resourceSpans }: OtlpExport): V3Parts {
  const traces: TracePart[] = [];
  const observations: ObservationPart[] = [];
  for (const { resource, scopeSpans } of resourceSpans) {
    const resourceAttributes = readAttributes(resource?.attributes);
    for (const { scope, spans } of scopeSpans ?? [])
      for (const span of spans ?? []) {
        const source = { span, scope, resource: resourceAttributes };
        const attributes = readAttributes(span.attributes);
        const row = spanRow(span, { resource: resourceAttributes, scope, priceOf: noPrice });
        traces.push(tracePart({ ...source, attributes }, row));
        if (row !== undefined) observations.push(observationPart({ ...source, attributes }, row));
      }
  }
  return { traces, observations };
}

// Prices are looked up when parts are stored.
const noPrice = () => undefined;

interface Source {
  readonly span: OtlpSpan;
  readonly scope: OtlpScopeSpans['scope'];
  readonly resource: Attributes;
  readonly attributes: Attributes;
}

/** A span that cannot be stored still makes its trace, dated now: what the real server was seen to do. */
function tracePart(source: Source, row: SpanRow | undefined): TracePart {
  const { span, attributes } = source;
  const isRoot =
    row?.is_root ??
    (span.parentSpanId === undefined || span.parentSpanId === null || span.parentSpanId === '');
  const tags = row?.detail.tags?.filter((tag) => typeof tag === 'string');
  const name = textOf(attributes, 'langfuse.trace.name');
  return {
    id: idText(span.traceId),
    timestamp: row?.start_time ?? new Date().toISOString(),
    environment: row?.environment,
    user_id: orNothing(row?.user_id),
    session_id: orNothing(row?.session_id),
    release: row?.detail.release,
    version: orNothing(row?.version),
    public: row?.detail.public,
    tags: tags === undefined ? undefined : [...tags].sort(),
    ...(isRoot
      ? {
          name: name ?? span.name,
          input: textOf(attributes, 'langfuse.trace.input') ?? row?.input ?? undefined,
          output: textOf(attributes, 'langfuse.trace.output') ?? row?.output ?? undefined,
          metadata: nestedMetadata(source, [
            'langfuse.observation.metadata',
            'langfuse.trace.metadata',
          ]),
        }
      : {
          name,
          input: textOf(attributes, 'langfuse.trace.input'),
          output: textOf(attributes, 'langfuse.trace.output'),
          metadata: ownMetadata(attributes, ['langfuse.trace.metadata']),
        }),
  };
}

function observationPart(source: Source, row: SpanRow): ObservationPart {
  const { attributes } = source;
  const cost = givenCost(attributes);
  const { experiment: _experiment, traceName: _name, tags: _tags, ...detail } = row.detail;
  const plain = row.type === 'SPAN' || row.type === 'EVENT';
  return {
    id: row.id,
    trace_id: row.trace_id,
    replaces: true,
    type: row.type,
    parent_id: row.parent_id ?? undefined,
    start_time: row.start_time,
    end_time: row.end_time ?? undefined,
    name: row.name,
    level: row.level,
    environment: row.environment,
    version: orNothing(row.version),
    model: orNothing(row.model),
    input: row.input ?? undefined,
    output: row.output ?? undefined,
    metadata: nestedMetadata(source, ['langfuse.observation.metadata']),
    detail: {
      ...detail,
      ...(plain || detail.modelParameters !== undefined ? {} : { modelParameters: {} }),
      givenUsage: usageOf(attributes),
      ...(cost === undefined ? {} : { givenCost: cost }),
    },
  };
}

const orNothing = (text: string | undefined): string | undefined =>
  text === '' ? undefined : text;
