/**
 * Traces that were made elsewhere, as one platform gives them and another takes them. What a platform holds and these words do
 * not is counted as not carried, never dropped silently.
 */
import type { OutboxRecord } from '../contracts/publication.js';
import type { TracedSpan } from '../contracts/records.js';
import type { Json, JsonObject } from '../core/json/json.js';

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

/** One span, by the words for spans that come from instrumentation. */
export interface ForeignSpan extends Omit<
  TracedSpan,
  'path' | 'parent' | 'endedAt' | 'unfinished' | 'cut'
> {
  /** The source's own. */
  readonly id: string;
  /** Undefined of the root. */
  readonly parentId?: string;
  /** ISO 8601 with up to nanoseconds, as the source holds it; so is `startedAt`. Absent where it never ended. */
  readonly endedAt?: string;
}

/** A whole trace. */
export interface ForeignTrace {
  readonly id: string;
  /** The root first, then by start. */
  readonly spans: readonly ForeignSpan[];
  /** Of an experiment's trace: the source's own id of the dataset item. */
  readonly itemId?: string;
  /** The conversation that it is a part of. */
  readonly sessionId?: string;
  readonly userId?: string;
  readonly tags: readonly string[];
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

export interface SurveyedScore {
  readonly id: string;
  readonly name: string;
  /** Why it cannot be carried. */
  readonly left?: string;
  readonly score?: ForeignScore;
}

export interface ListedRun {
  readonly id: string;
  readonly traceId: string;
}

export interface SurveyPage {
  readonly traces: number;
  readonly scores: readonly SurveyedScore[];
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
  }): AsyncGenerator<
    { readonly traces: readonly ForeignTrace[]; readonly cursor: string | undefined },
    void,
    undefined
  >;
  /**
   * What lies in a group, counted without reading whole traces, page by page. Scores come each once or more often, with why they
   * cannot be carried.
   */
  survey(request: {
    readonly group: TraceGroup;
    readonly since?: string;
    readonly signal: AbortSignal;
  }): AsyncIterable<SurveyPage>;
  /** All runs of a group without what is in them, by their start, from the cursor on. */
  runs(request: {
    readonly group: TraceGroup;
    readonly since?: string;
    readonly cursor?: string;
    readonly signal: AbortSignal;
  }): AsyncGenerator<
    { readonly runs: readonly ListedRun[]; readonly cursor: string | undefined },
    void,
    undefined
  >;
  /** Whole traces by their ids, wherever in time their runs lie: a request for each. */
  tracesOf(
    group: TraceGroup,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ForeignTrace[]>;
  /**
   * All scores of a group; `cursor` is where to go on, none behind the last page. Scores that are deleted meanwhile hide no other;
   * one may come twice.
   */
  scoresOfGroup(request: {
    readonly group: TraceGroup;
    readonly cursor?: string;
    readonly signal: AbortSignal;
  }): AsyncGenerator<
    { readonly scores: readonly SurveyedScore[]; readonly cursor: string | undefined },
    void,
    undefined
  >;
  /** The scores of these runs (id to trace id); what has no value that a score can hold is told to `onLeft`. */
  scores(request: {
    readonly runs: ReadonlyMap<string, string>;
    readonly signal: AbortSignal;
    readonly onLeft: (id: string, why: string) => void;
  }): AsyncIterable<readonly ForeignScore[]>;
}

/**
 * Where a trace comes from. Ids there are made of this and the source's own id, whatever the move is called: a second move of the
 * same thing finds the first one's.
 */
export interface TraceOrigin {
  readonly platform: string;
  /** The workspace or project of the keys. */
  readonly projectId: string;
  readonly group: Pick<TraceGroup, 'id' | 'name'>;
}

/** The experiment that a trace belongs to, as it stands on the target. */
export interface TargetExperiment {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly metadata: JsonObject;
  readonly datasetId: string;
  readonly itemId: string;
  readonly expected?: Json;
}

/** Where and when traces stand. */
export interface TraceWindow {
  readonly group: Pick<TraceGroup, 'id'>;
  readonly traceIds: readonly string[];
  /** ISO 8601: no span of theirs began before, and none after `to`. */
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
}

/** What of a score is compared. */
export type ScoreValue = Pick<ForeignScore, 'name' | 'value'>;

/** A platform as the target of traces. Encoding is pure: equal input gives equal bytes, so that a repeated page is the same. */
export interface TraceSink {
  /** The id of the trace there. */
  traceId(origin: TraceOrigin, sourceTraceId: string): string;
  scoreId(origin: TraceOrigin, sourceScoreId: string): string;
  experimentId(place: {
    readonly projectId: string;
    readonly datasetId: string;
    readonly name: string;
  }): string;
  encodeTrace(
    trace: ForeignTrace,
    place: {
      readonly origin: TraceOrigin;
      readonly experiment?: TargetExperiment;
      /** As of a platform's run: for which kind of server the trace is made. */
      readonly generation?: 'v4' | 'v3';
    },
  ): OutboxRecord;
  /** The scores of one trace. */
  encodeScores(scores: readonly ForeignScore[], origin: TraceOrigin): OutboxRecord;
  /** A score as it reads back. */
  shownScore(score: ForeignScore): ScoreValue;
  /**
   * Whether an experiment of this name stands there that was not moved from this group.
   * @throws AssayError PLATFORM_*
   */
  isTaken(experiment: {
    readonly id: string;
    readonly name: string;
    readonly datasetName: string;
    readonly datasetId: string;
    readonly group: Pick<TraceGroup, 'id'>;
    readonly signal: AbortSignal;
  }): Promise<boolean>;
  /** The spans of these traces as they stand there, one entry per row, so that what stands twice comes twice. */
  findSpans(window: TraceWindow): Promise<ReadonlyMap<string, readonly string[]>>;
  /**
   * How often each trace is in an experiment, by their ids there; nothing where there is no such experiment. Undefined where traces
   * themselves say what they are in.
   */
  findLinks(
    experiment: { readonly datasetId: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number> | undefined>;
  /** The scores of these ids that stand there. */
  findScores(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ScoreValue>>;
}
