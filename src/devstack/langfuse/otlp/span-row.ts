import { cleanEnvironment } from '../environment.js';
import type { Attributes } from './attributes.js';
import { objectOf, parseJson, readAttributes, textOf } from './attributes.js';
import type { OtlpScopeSpans, OtlpSpan } from './export-request.js';
import { idText } from './export-request.js';
import { metadataOf } from './metadata.js';
import type { ModelPrice } from './prices.js';
import { costOf } from './prices.js';
import type { Amounts } from './usage.js';
import { givenCost, usageOf } from './usage.js';

/** One row of `observations`, as it goes into json_to_recordset. Times are ISO, UTC. */
export interface SpanRow {
  readonly trace_id: string;
  readonly id: string;
  readonly parent_id: string | null;
  readonly start_time: string;
  readonly end_time: string | null;
  readonly type: string;
  readonly name: string;
  readonly level: string;
  readonly environment: string;
  readonly user_id: string;
  readonly session_id: string;
  readonly version: string;
  readonly is_root: boolean;
  readonly model: string;
  readonly prompt_name: string | undefined;
  readonly prompt_version: number | undefined;
  readonly input: string | null;
  readonly output: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly experiment_id: string | undefined;
  readonly experiment_item_id: string | undefined;
  readonly is_item_root: boolean;
  readonly detail: SpanDetail;
}

/** What is only shown, never looked up by. */
export interface SpanDetail {
  readonly statusMessage?: string;
  readonly release?: string;
  readonly traceName?: string;
  readonly tags?: readonly unknown[];
  readonly public?: boolean;
  readonly completionStartTime?: string;
  readonly modelParameters?: object;
  readonly usage?: Amounts;
  readonly cost?: Amounts;
  readonly price?: Pick<ModelPrice, 'id' | 'input' | 'output' | 'total'>;
  readonly promptName?: string;
  readonly promptVersion?: number;
  readonly experiment?: ExperimentDetail;
}

export interface ExperimentDetail {
  readonly name: string;
  readonly datasetId: string;
  readonly description?: string;
  readonly metadata?: string;
  readonly expectedOutput?: string;
  readonly itemMetadata?: string;
  readonly itemVersion?: string;
}

export interface SpanSource {
  readonly resource: Attributes;
  readonly scope: OtlpScopeSpans['scope'];
  readonly priceOf: (model: string) => ModelPrice | undefined;
}

/** Maps a span; undefined for one that the worker of the real server cannot store (no id or no start). */
export function spanRow(span: OtlpSpan, source: SpanSource): SpanRow | undefined {
  const id = idText(span.spanId);
  const startTime = isoOf(span.startTimeUnixNano);
  if (id === '' || startTime === undefined) return undefined;
  const attributes = readAttributes(span.attributes);
  const parentId =
    span.parentSpanId === undefined || span.parentSpanId === null ? '' : idText(span.parentSpanId);
  const isRoot = parentId === '' || attributes.get('langfuse.internal.is_app_root') === true;
  const model =
    textOf(
      attributes,
      'langfuse.observation.model.name',
      'gen_ai.response.model',
      'gen_ai.request.model',
    ) ?? '';
  const name = span.name ?? '';
  const promptName = textOf(attributes, 'langfuse.observation.prompt.name');
  const promptVersion = Number(textOf(attributes, 'langfuse.observation.prompt.version') ?? NaN);
  const itemRoot = textOf(attributes, 'langfuse.experiment.item.root_observation_id');
  return {
    trace_id: idText(span.traceId),
    id,
    parent_id: parentId === '' ? null : parentId,
    start_time: startTime,
    end_time: isoOf(span.endTimeUnixNano) ?? null,
    type: typeOf(attributes, model),
    name,
    level:
      textOf(attributes, 'langfuse.observation.level') ?? (isError(span) ? 'ERROR' : 'DEFAULT'),
    environment: environmentOf(attributes, source.resource),
    user_id: textOf(attributes, 'user.id', 'langfuse.user.id') ?? '',
    session_id: textOf(attributes, 'session.id', 'langfuse.session.id') ?? '',
    version: textOf(attributes, 'langfuse.version', 'service.version') ?? '',
    is_root: isRoot,
    model,
    prompt_name: promptName,
    prompt_version: Number.isInteger(promptVersion) ? promptVersion : undefined,
    input: textOf(attributes, ...inputKeys) ?? null,
    output: textOf(attributes, ...outputKeys) ?? null,
    metadata: metadataOf({ attributes, resource: source.resource, scope: source.scope }),
    experiment_id: textOf(attributes, 'langfuse.experiment.id'),
    experiment_item_id: textOf(attributes, 'langfuse.experiment.item.id'),
    is_item_root: itemRoot === id,
    detail: {
      ...detailOf(attributes, { span, traceName: isRoot ? name : undefined }),
      ...moneyOf(attributes, model, source),
      ...(promptName === undefined ? {} : { promptName }),
      ...(Number.isInteger(promptVersion) ? { promptVersion } : {}),
      ...experimentOf(attributes),
    },
  };
}

const inputKeys = ['langfuse.observation.input', 'gen_ai.prompt', 'gen_ai.input.messages'];
const outputKeys = ['langfuse.observation.output', 'gen_ai.completion', 'gen_ai.output.messages'];

const isError = (span: OtlpSpan) =>
  span.status?.code === 2 || span.status?.code === 'STATUS_CODE_ERROR';

function typeOf(attributes: Attributes, model: string): string {
  const given = textOf(attributes, 'langfuse.observation.type');
  if (given !== undefined) return given.toUpperCase();
  return model === '' ? 'SPAN' : 'GENERATION';
}

function environmentOf(attributes: Attributes, resource: Attributes): string {
  const keys = ['langfuse.environment', 'deployment.environment.name', 'deployment.environment'];
  return cleanEnvironment(textOf(attributes, ...keys) ?? textOf(resource, ...keys));
}

function detailOf(
  attributes: Attributes,
  { span, traceName }: { span: OtlpSpan; traceName: string | undefined },
): SpanDetail {
  const statusMessage =
    textOf(attributes, 'langfuse.observation.status_message') ??
    (isError(span) ? span.status?.message : undefined);
  const release = textOf(attributes, 'langfuse.release');
  const shownTrace = textOf(attributes, 'langfuse.trace.name') ?? traceName;
  const tags = attributes.get('langfuse.trace.tags');
  const completion = textOf(attributes, 'langfuse.observation.completion_start_time');
  const parameters =
    objectOf(attributes, 'langfuse.observation.model.parameters') ?? requestParameters(attributes);
  return {
    ...(statusMessage ? { statusMessage } : {}),
    ...(release === undefined ? {} : { release }),
    ...(shownTrace === undefined ? {} : { traceName: shownTrace }),
    ...(Array.isArray(tags) ? { tags } : {}),
    ...(attributes.get('langfuse.trace.public') === true ? { public: true } : {}),
    ...(completion === undefined ? {} : completionTime(completion)),
    ...(parameters === undefined ? {} : { modelParameters: parameters }),
  };
}

const parameterPrefix = 'gen_ai.request.';
function requestParameters(attributes: Attributes): object | undefined {
  const entries = [...attributes].filter(
    ([key]) => key.startsWith(parameterPrefix) && key !== 'gen_ai.request.model',
  );
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([key, value]) => [key.slice(parameterPrefix.length), value]),
  );
}

/** The SDK sends the time as JSON, so with quotes. */
function completionTime(text: string): { completionStartTime?: string } {
  const parsed = parseJson(text);
  const date = new Date(typeof parsed === 'string' ? parsed : text);
  return Number.isNaN(date.getTime()) ? {} : { completionStartTime: date.toISOString() };
}

function moneyOf(attributes: Attributes, model: string, { priceOf }: SpanSource): SpanDetail {
  const usage = usageOf(attributes);
  const price = model === '' ? undefined : priceOf(model);
  const cost = givenCost(attributes) ?? (price && costOf(price, usage));
  return {
    ...(Object.keys(usage).length === 0 ? {} : { usage }),
    ...(cost === undefined ? {} : { cost }),
    ...(price === undefined
      ? {}
      : {
          price: { id: price.id, input: price.input, output: price.output, total: price.total },
        }),
  };
}

function experimentOf(attributes: Attributes): { experiment?: ExperimentDetail } {
  if (!attributes.has('langfuse.experiment.id')) return {};
  const optional = (key: string, field: keyof ExperimentDetail) => {
    const value = textOf(attributes, `langfuse.experiment.${key}`);
    return value === undefined ? {} : { [field]: value };
  };
  return {
    experiment: {
      name: textOf(attributes, 'langfuse.experiment.name') ?? '',
      datasetId: textOf(attributes, 'langfuse.experiment.dataset.id') ?? '',
      ...optional('description', 'description'),
      ...optional('metadata', 'metadata'),
      ...optional('item.expected_output', 'expectedOutput'),
      ...optional('item.metadata', 'itemMetadata'),
      ...optional('item.version', 'itemVersion'),
    },
  };
}

/** Nanoseconds since 1970 as ISO to the millisecond; a BigInt each would cost more than all the rest. */
function isoOf(nanos: string | number | undefined): string | undefined {
  if (nanos === undefined) return undefined;
  const text = typeof nanos === 'number' ? nanos.toFixed(0) : nanos;
  const milliseconds = Number(text.slice(0, -6));
  return /^\d+$/.test(text) && milliseconds > 0 && milliseconds < 8.64e15
    ? new Date(milliseconds).toISOString()
    : undefined;
}
