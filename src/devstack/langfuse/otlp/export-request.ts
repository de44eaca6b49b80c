import { Refusal } from '../http/errors.js';

/** The parts of an OTLP trace export that are read, as JSON carries them. Everything may be missing or odd. */
export interface OtlpAttribute {
  readonly key?: string;
  readonly value?: OtlpValue | null;
}
export interface OtlpValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
  readonly kvlistValue?: { readonly values?: readonly OtlpAttribute[] };
  readonly bytesValue?: string;
}
export interface OtlpSpan {
  readonly traceId: unknown;
  readonly spanId: unknown;
  readonly parentSpanId?: unknown;
  readonly name?: string;
  readonly startTimeUnixNano?: string | number;
  readonly endTimeUnixNano?: string | number;
  readonly attributes?: readonly OtlpAttribute[];
  readonly status?: { readonly code?: number | string; readonly message?: string };
}
export interface OtlpScopeSpans {
  readonly scope?: { readonly name?: string; readonly version?: string };
  readonly spans?: readonly OtlpSpan[];
}
interface OtlpResourceSpans {
  readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
  readonly scopeSpans?: readonly OtlpScopeSpans[];
}
export interface OtlpExport {
  readonly resourceSpans: readonly OtlpResourceSpans[];
}

/** The refusals of the OTLP route carry `error` alone. */
export const otlpRefusal = (error: string): Refusal =>
  new Refusal({ status: 400, json: { error } });

type Loose = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null;
const absentOrArray = (value: unknown) =>
  value === undefined || value === null || Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * Checks what the real server checks: lists are lists, and every span has ids that are text or bytes
 * (their length and digits are not looked at). One bad span refuses the whole export.
 */
export function checkExport(value: unknown): OtlpExport {
  const resourceSpans = isObject(value) ? listOf(value['resourceSpans']) : [];
  const found = { total: 0, bad: 0, problems: new Set<string>(), scopes: new Set<string>() };
  for (const resource of resourceSpans)
    for (const scope of listOf(isObject(resource) ? resource['scopeSpans'] : undefined)) {
      const spans = listOf(isObject(scope) ? scope['spans'] : undefined);
      const before = found.bad;
      for (const span of spans) {
        const problems = spanProblems(span);
        found.total += 1;
        found.bad += problems.length > 0 ? 1 : 0;
        for (const problem of problems) found.problems.add(problem);
      }
      if (found.bad > before) found.scopes.add(scopeName(scope));
    }
  if (found.bad > 0) throw otlpRefusal(describe(found));
  return { resourceSpans: resourceSpans as readonly OtlpResourceSpans[] };
}

function scopeName(scopeSpans: unknown): string {
  const scope = isObject(scopeSpans) ? scopeSpans['scope'] : undefined;
  const name = isObject(scope) ? scope['name'] : undefined;
  return typeof name === 'string' && name !== '' ? name : 'unknown';
}

function spanProblems(span: unknown): readonly string[] {
  if (!isObject(span)) return ['span:not_an_object'];
  const problems: string[] = [];
  for (const key of ['traceId', 'spanId']) {
    const id = span[key];
    if (id === undefined || id === null) problems.push(`${key}:absent`);
    else if (!isId(id)) problems.push(`${key}:not_an_id`);
  }
  for (const key of ['attributes', 'events'])
    if (!absentOrArray(span[key])) problems.push(`${key}:not_an_array`);
  return problems;
}

const isId = (id: unknown): boolean =>
  typeof id === 'string' || id instanceof Uint8Array || Array.isArray(id) || isBufferJson(id);

function isBufferJson(id: unknown): boolean {
  return isObject(id) && id['type'] === 'Buffer' && Array.isArray(id['data']);
}

function describe(found: {
  total: number;
  bad: number;
  problems: Set<string>;
  scopes: Set<string>;
}): string {
  const problems = [...found.problems];
  const lists = problems.some((problem) => problem.endsWith('not_an_array'));
  const rule = lists
    ? 'scopeSpans, spans, attributes and events must all be arrays — OTLP attributes are a list of {key, value} entries, not a JSON object.'
    : 'traceId and spanId are required on every span, and each must be a string or a byte array.';
  return `Invalid OTLP trace export: ${found.bad} of ${found.total} span(s) cannot be processed (${problems.join(', ')}). ${rule} The entire export was rejected and no spans were ingested. Instrumentation scopes: ${[...found.scopes].join(', ')}. This endpoint accepts OpenTelemetry traces only — if you are exporting OpenTelemetry logs, point your log exporter elsewhere.`;
}

/** An id as text: strings as sent (capitals kept), bytes as hex. */
export function idText(id: unknown): string {
  if (typeof id === 'string') return id;
  if (id instanceof Uint8Array) return Buffer.from(id).toString('hex');
  const bytes = Array.isArray(id) ? id : isObject(id) ? listOf(id['data']) : [];
  return Buffer.from(bytes as number[]).toString('hex');
}
