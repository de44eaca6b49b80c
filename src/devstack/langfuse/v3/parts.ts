import type { SpanDetail } from '../otlp/span-row.js';

export type Metadata = Readonly<Record<string, unknown>>;

/** What one write says of a trace; `undefined` means "left out": the merge keeps what was there. */
export interface TracePart {
  readonly id: string;
  /** ISO, UTC. */
  readonly timestamp: string;
  readonly name?: string | undefined;
  readonly user_id?: string | undefined;
  readonly session_id?: string | undefined;
  readonly environment?: string | undefined;
  readonly release?: string | undefined;
  readonly version?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly public?: boolean | undefined;
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/** What one write says of an observation. */
export interface ObservationPart {
  readonly id: string;
  readonly trace_id?: string | undefined;
  /** Spans replace what was sent under their id; events of the ingestion endpoint are merged into it. */
  readonly replaces: boolean;
  readonly type?: string | undefined;
  readonly parent_id?: string | undefined;
  readonly start_time?: string | undefined;
  readonly end_time?: string | undefined;
  readonly name?: string | undefined;
  readonly level?: string | undefined;
  readonly environment?: string | undefined;
  readonly version?: string | undefined;
  readonly model?: string | undefined;
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly metadata?: Metadata | undefined;
  readonly detail: V3Detail;
}

/** The detail of a span, and what the client itself said of usage and cost (the rest is derived). */
export interface V3Detail extends SpanDetail {
  readonly givenUsage?: Readonly<Record<string, number>>;
  readonly givenCost?: Readonly<Record<string, number>>;
}

export interface V3Parts {
  readonly traces: readonly TracePart[];
  readonly observations: readonly ObservationPart[];
}
