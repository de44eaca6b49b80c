/**
 * Traces that were made elsewhere, as one platform gives them and another takes them. What a platform holds and these words do
 * not is counted as not carried, never dropped silently.
 */
import type { Json, JsonObject } from '../core/json/json.js';
import type { OutboxRecord, PlatformPage } from './port.js';

/** A project of traces (a session on LangSmith), or an experiment on a dataset. */
export interface TraceGroup {
  readonly id: string;
  readonly name: string;
  /** Of an experiment: the dataset there that it ran over. */
  readonly dataset?: { readonly id: string; readonly name: string };
  readonly description?: string;
  readonly metadata: JsonObject;
  /** ISO 8601. */
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** As the platform counts them; absent where it does not say. */
  readonly traces?: number;
}

/** What a span is: the types of observations of Langfuse, to which those of LangSmith are mapped. */
export type ForeignSpanKind =
  | 'span'
  | 'generation'
  | 'tool'
  | 'retriever'
  | 'embedding'
  | 'chain'
  | 'agent';

export interface ForeignSpan {
  readonly id: string;
  /** Undefined of the root. */
  readonly parentId?: string;
  readonly name: string;
  readonly kind: ForeignSpanKind;
  /** ISO 8601 with up to microseconds, as the source holds them. */
  readonly startedAt: string;
  /** Absent where it never ended. */
  readonly endedAt?: string;
  readonly firstTokenAt?: string;
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: string;
  readonly metadata: JsonObject;
  readonly tags: readonly string[];
  readonly model?: string;
  readonly parameters?: JsonObject;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
  /** Decimal dollars. */
  readonly cost?: number;
}

/** A whole trace. */
export interface ForeignTrace {
  readonly id: string;
  /** The root first, then by start. */
  readonly spans: readonly ForeignSpan[];
  /** Of an experiment's trace: the source's own id of the dataset item. */
  readonly itemId?: string;
  readonly sessionId?: string;
  readonly userId?: string;
  /** What of it cannot be said in these words, in half sentences: `2 attachments`. */
  readonly notCarried: readonly string[];
}

export interface ForeignScore {
  readonly id: string;
  readonly traceId: string;
  /** Undefined of the trace as a whole. */
  readonly spanId?: string;
  readonly name: string;
  readonly value:
    | { readonly type: 'NUMERIC'; readonly value: number }
    | { readonly type: 'BOOLEAN'; readonly value: boolean }
    | { readonly type: 'CATEGORICAL'; readonly value: string };
  readonly comment?: string;
  readonly createdAt: string;
  readonly metadata: JsonObject;
}

/** A platform as the source of traces. All methods throw AssayError (PLATFORM_*). */
export interface TraceSource {
  groups(signal: AbortSignal): AsyncIterable<readonly TraceGroup[]>;
  /** Whole traces, oldest first, from the cursor on; the next cursor comes with each page. */
  traces(request: {
    readonly group: TraceGroup;
    /** Only traces that began then or later (ISO 8601). */
    readonly since?: string;
    readonly cursor?: string;
    readonly signal: AbortSignal;
  }): AsyncIterable<{
    readonly traces: readonly ForeignTrace[];
    readonly cursor: string | undefined;
  }>;
  /** The scores of these traces; what has no value that a score can hold is told to `onLeft`. */
  scores(request: {
    readonly group: TraceGroup;
    readonly traceIds: readonly string[];
    readonly signal: AbortSignal;
    readonly onLeft: (id: string, why: string) => void;
  }): AsyncIterable<readonly ForeignScore[]>;
}

/** Where a trace goes to. */
export interface TracePlace {
  /** Says which migration wrote it; part of every id. */
  readonly migration: string;
  readonly source: { readonly platform: string; readonly group: TraceGroup };
  /** Of an experiment: the dataset and the item as they stand on the target. */
  readonly experiment?: {
    readonly id: string;
    readonly name: string;
    readonly datasetId: string;
    readonly itemId?: string;
    readonly expected?: Json;
  };
}

/** A platform as the target of traces. Encoding is pure: equal input gives equal bytes, so that a repeated page is the same. */
export interface TraceSink {
  traceId(migration: string, sourceTraceId: string): string;
  encodeTrace(trace: ForeignTrace, place: TracePlace): readonly OutboxRecord[];
  encodeScores(
    scores: readonly ForeignScore[],
    place: Pick<TracePlace, 'migration' | 'source'>,
  ): readonly OutboxRecord[];
  /** The id that an experiment of this name has there. */
  experimentId(request: {
    readonly datasetId: string;
    readonly name: string;
    readonly signal: AbortSignal;
  }): Promise<string>;
  /** What stands there of these traces, duplicates included. */
  readBack(request: {
    readonly traceIds: readonly string[];
    readonly kind: 'spans' | 'scores';
    /** ISO 8601: nothing of them began before. */
    readonly from: string;
    readonly to: string;
    readonly signal: AbortSignal;
  }): AsyncIterable<PlatformPage>;
}
