import { decodeText } from '../db/text.js';
import { parseJson } from '../otlp/attributes.js';
import type { SpanDetail } from '../otlp/span-row.js';

export interface ObservationRow {
  readonly seq: string;
  readonly project_id: string;
  readonly trace_id: string;
  readonly id: string;
  readonly parent_id: string | null;
  readonly start_time: Date;
  readonly end_time: Date | null;
  readonly created_at: Date;
  readonly type: string;
  readonly name: string;
  readonly level: string;
  readonly environment: string;
  readonly user_id: string;
  readonly session_id: string;
  readonly version: string;
  readonly is_root: boolean;
  readonly model: string;
  readonly prompt_id: string | null;
  readonly input?: string | null;
  readonly output?: string | null;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly detail: SpanDetail;
}

export interface ViewOptions {
  readonly groups: ReadonlySet<string>;
  /** Metadata values over 200 characters are cut, unless `io` or any `expandMetadata` is asked. */
  readonly cutMetadata: boolean;
}

/** One observation in the shape of v2, with the asked groups of fields. */
export function observationView(row: ObservationRow, options: ViewOptions) {
  const { groups } = options;
  const when = <T extends object>(group: string, fields: () => T): T | object =>
    groups.has(group) ? fields() : {};
  return {
    id: row.id,
    traceId: row.trace_id,
    startTime: row.start_time,
    endTime: row.end_time,
    projectId: row.project_id,
    parentObservationId: row.parent_id,
    type: row.type,
    ...when('basic', () => basicOf(row)),
    ...when('time', () => ({
      completionStartTime: row.detail.completionStartTime ?? null,
      createdAt: row.created_at,
      updatedAt: row.created_at,
    })),
    ...when('io', () => ({ input: decoded(row.input), output: decoded(row.output) })),
    ...when('metadata', () => ({ metadata: metadataOf(row, options.cutMetadata) })),
    ...when('model', () => ({
      model: row.model,
      internalModelId: row.detail.price?.id ?? '',
      modelParameters: row.detail.modelParameters ?? {},
    })),
    ...when('usage', () => moneyOf(row)),
    ...when('prompt', () => ({
      promptId: row.prompt_id ?? '',
      promptName: row.detail.promptName ?? '',
      promptVersion: row.detail.promptVersion ?? null,
    })),
    ...when('trace_context', () => ({
      traceName: row.detail.traceName ?? '',
      release: row.detail.release ?? '',
      tags: row.detail.tags ?? [],
    })),
    ...derivedOf(row, groups),
  };
}

const decoded = (text: string | null | undefined): string | null =>
  text === null || text === undefined ? null : decodeText(text);

function basicOf(row: ObservationRow) {
  return {
    name: decodeText(row.name),
    level: row.level,
    statusMessage: decodeText(row.detail.statusMessage ?? ''),
    version: row.version,
    environment: row.environment,
    userId: row.user_id,
    sessionId: row.session_id,
    isRootObservation: row.is_root,
    bookmarked: false,
    public: row.detail.public ?? false,
  };
}

const cutAt = 200;
function metadataOf(row: ObservationRow, cut: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row.metadata ?? {}).map(([key, stored]) => {
      const text = decodeText(stored);
      const shown = cut && text.length > cutAt ? text.slice(0, cutAt) : text;
      return [key, parseJson(shown) ?? shown];
    }),
  );
}

function moneyOf({ detail }: ObservationRow) {
  const { usage = {}, cost = {} } = detail;
  return {
    usageDetails: usage,
    inputUsage: usage['input'] ?? 0,
    outputUsage: usage['output'] ?? 0,
    totalUsage: usage['total'] ?? 0,
    costDetails: cost,
    inputCost: cost['input'] ?? null,
    outputCost: cost['output'] ?? null,
    totalCost: cost['total'] ?? 0,
    usagePricingTierId: detail.price === undefined ? null : `${detail.price.id}_tier_default`,
    usagePricingTierName: detail.price === undefined ? null : 'Standard',
  };
}

/** The fields that every row has, whatever was asked; their values depend on what was. */
function derivedOf(row: ObservationRow, groups: ReadonlySet<string>) {
  const price = groups.has('model') ? row.detail.price : undefined;
  const latency =
    row.end_time === null ? null : (row.end_time.getTime() - row.start_time.getTime()) / 1_000;
  return {
    // The metrics group computes latency by other means, where a span without length has none.
    latency: latency === 0 && groups.has('metrics') ? null : latency,
    timeToFirstToken: groups.has('time') || groups.has('metrics') ? timeToFirstToken(row) : null,
    modelId: price?.id ?? null,
    inputPrice: priceText(price?.input),
    outputPrice: priceText(price?.output),
    totalPrice: priceText(price?.total),
  };
}

function timeToFirstToken(row: ObservationRow): number | null {
  const { completionStartTime } = row.detail;
  if (completionStartTime === undefined) return null;
  return (new Date(completionStartTime).getTime() - row.start_time.getTime()) / 1_000;
}

/** Prices are text, in the notation of decimal.js, which is JavaScript's own: `1.5e-7`, but `0.0000025`. */
function priceText(price: number | null | undefined): string | null {
  return price === null || price === undefined ? null : String(price);
}
