import type { Json } from '../core/json/json.js';

/** One observation of a trace, as read from the platform. */
export interface ObservationView {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly type: string;
  readonly name: string;
  readonly startedAt: string;
  readonly latencyMs: number | undefined;
  readonly level: string;
  readonly statusMessage: string | undefined;
  readonly model: string | undefined;
  readonly promptName: string | undefined;
  readonly promptVersion: number | undefined;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  /** Dollars, as the platform says it. */
  readonly totalCost: number | undefined;
  readonly input: string | undefined;
  readonly output: string | undefined;
}

/** One score of a trace. */
export interface ScoreView {
  readonly id: string;
  readonly name: string;
  readonly value: Json;
  readonly dataType: string;
  readonly comment: string | undefined;
}

/** A whole trace: its observations in order of start, roots first, and its scores. */
export interface TraceView {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly observations: readonly ObservationView[];
  readonly scores: readonly ScoreView[];
}
