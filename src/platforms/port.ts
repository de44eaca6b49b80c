/**
 * What the engine needs of an evaluation platform. One implementation per platform; the engine knows no other
 * form of them. Nothing here retries: retries have one owner, the publisher (durability 5).
 */
import type {
  OutboundRecord,
  OutboxRecord,
  PlatformRun,
  RefusedRecord,
  RunContext,
  RunScore,
  RunScoresRecord,
} from '../contracts/publication.js';
import type {
  CallRecord,
  CellResult,
  DatasetItem,
  EvaluatorFailure,
  TracedSpan,
} from '../contracts/records.js';
import type { TraceView } from '../contracts/trace-view.js';
import type { PlatformPrompts, PromptContent } from './prompt-port.js';
import type { PlatformDatasets } from './dataset-port.js';
import type { TraceSink, TraceSource } from './trace-port.js';

export type {
  OutboundRecord,
  OutboxRecord,
  PlatformRun,
  RefusedRecord,
  RunContext,
} from '../contracts/publication.js';

/** What the platform's own server says of itself. */
export interface PlatformDescription {
  readonly platform: string;
  readonly url: string;
  readonly version: string;
  /** Of Langfuse `v4` (events_only or dual) or `v3`; LangSmith has one. */
  readonly generation: 'v4' | 'v3' | 'langsmith';
  readonly projectId: string;
  readonly projectName: string;
}

/** Some records of one kind, sent in one request. */
export interface OutboundExport {
  /** Stands in the metadata of each span, so that the platform can be asked for it. */
  readonly exportId: string;
  readonly kind: 'spans' | 'scores';
  readonly records: readonly OutboundRecord[];
  /** True where an earlier try of it may have arrived, in part or as a whole. */
  readonly again?: boolean;
  /**
   * Names the last try, once all that it left can be seen: what was learned before that try says nothing of it. Absent while more
   * may still appear.
   */
  readonly settledTry?: string;
}

/** What came of one request. */
export type SendOutcome =
  | { readonly outcome: 'accepted'; readonly refused: readonly RefusedRecord[] }
  /**
   * No clear answer: a lost connection, a timeout, a 5xx. The platform may hold it or not. `answered`: with an error of the server,
   * which one of the records may provoke; `taken`: the ids of which that very answer says that they are there.
   */
  | {
      readonly outcome: 'ambiguous';
      readonly reason: string;
      readonly answered?: boolean;
      readonly taken?: readonly string[];
    }
  /** Nothing was taken (a clean 429 or 503, a proxy's page): wait so long, then send the same again. */
  | { readonly outcome: 'later'; readonly retryAfterMs: number; readonly reason: string }
  /** Nothing was sent or taken: connection refused, name not found. */
  | { readonly outcome: 'unreachable'; readonly reason: string }
  /** The platform's own clean refusal that no repetition mends, or one of the keys. */
  | {
      readonly outcome: 'refused';
      readonly code: 'PLATFORM_UNAUTHORIZED' | 'PLATFORM_REFUSED';
      readonly reason: string;
      /** True where one record can spoil the others (400, 413): nothing was taken, so send the halves. */
      readonly splittable?: boolean;
    };

/** What is read back of a run. Ids are streamed page by page, so that memory stays flat. */
export interface PlatformPage {
  /** Spans with their trace: one entry per row of the platform, duplicates included. */
  readonly spans?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly scoreIds?: readonly string[];
}

/** The largest export of one kind. A single record may exceed `maxIds`; it then goes alone. */
export interface ExportLimit {
  /** Of the records' bodies together, in UTF-8. */
  readonly maxBytes: number;
  readonly maxRecords: number;
  /** The most ids in all records together: a record holds all spans or scores of a cell. */
  readonly maxIds?: number;
}

/** The platform as the engine sees it. All methods throw AssayError (PLATFORM_*). */
export interface Platform {
  readonly name: string;
  /** Prompts as the platform keeps them. */
  readonly prompts: PlatformPrompts;
  /** The largest export that the platform takes. */
  readonly limits: {
    readonly spans: ExportLimit;
    readonly scores: ExportLimit;
  };
  describe(signal: AbortSignal): Promise<PlatformDescription>;
  /** Datasets beside runs: what is pushed, pulled, listed and compared. */
  readonly datasets: PlatformDatasets;
  /** Its traces, for whoever takes them elsewhere. Absent where they cannot be read as a whole. */
  readonly traceSource?: TraceSource;
  /** Takes traces from elsewhere. Absent where it cannot. */
  readonly traceSink?: TraceSink;

  /** Makes sure of the dataset; an equal one is left alone. */
  ensureDataset(
    dataset: { readonly name: string; readonly description?: string },
    signal: AbortSignal,
  ): Promise<{ readonly id: string }>;
  /**
   * Makes sure of a page of items, writing only those whose content differs (each write makes a version).
   * `onProgress` is told after each write.
   */
  ensureItems(
    request: EnsureItemsRequest,
  ): Promise<{ readonly written: number; readonly unchanged: number }>;
  /**
   * Begins to list what the platform holds of a dataset, so that `ensureItems` with the same signal need not wait for it. Reads
   * only; what goes wrong is left to `ensureItems`. The list is dropped where nobody asks for it within seconds.
   */
  foreseeItems(request: { readonly dataset: string; readonly signal: AbortSignal }): void;
  /** The items of a dataset that lives on the platform, page by page, at a pinned moment. */
  readItems(request: {
    readonly dataset: string;
    readonly version: string;
    readonly signal: AbortSignal;
  }): AsyncIterable<readonly DatasetItem[]>;
  /** Makes sure of a version of the prompt with exactly this content; never a second one of equal content. */
  ensurePrompt(
    prompt: PromptToStore,
    signal: AbortSignal,
  ): Promise<{ readonly version: number; readonly commit?: string }>;
  /**
   * Refuses a name that a run there has already, before a run of it exists here: `prepareRun` would refuse it once all has been read and
   * written, and does so still where the name is taken meanwhile. Reads only.
   * @throws AssayError EXPERIMENT_EXISTS_ELSEWHERE
   */
  refuseTakenName(request: {
    readonly experiment: string;
    readonly datasetName: string;
    readonly signal: AbortSignal;
  }): Promise<void>;
  /**
   * The ids of the run there.
   * @throws AssayError EXPERIMENT_EXISTS_ELSEWHERE where one of them exists and is not of this runUid.
   */
  prepareRun(request: {
    readonly context: RunContext;
    readonly datasetId: string;
    readonly datasetName: string;
    readonly repetitions: number;
    readonly signal: AbortSignal;
  }): Promise<PlatformRun>;
  /**
   * The run, with the ids there of those of its items that have other ones than theirs give since others made them. Asked once
   * `ensureItems` has made sure of all. Reads only. Absent where an item itself says which id it has there.
   */
  placeItems?(request: {
    readonly run: PlatformRun;
    /** Pages of all of the run's items, by their own ids. */
    readonly itemIds: AsyncIterable<readonly string[]>;
    readonly signal: AbortSignal;
  }): Promise<PlatformRun>;

  /**
   * Makes sure that what is sent now gets to where the run was planned. Cheap: asked before each publisher begins.
   * @throws AssayError PLATFORM_PROJECT_CHANGED where the keys belong to another project by now.
   */
  checkRun?(run: PlatformRun, signal: AbortSignal): Promise<void>;

  /** The records of a finished cell. Pure: equal input gives equal bytes. */
  encodeCell(cell: CellResult, item: DatasetItem, run: EncodeContext): readonly OutboxRecord[];
  /**
   * What a later judgement of a cell adds to its trace, and its scores as they are now (none where it has none). Pure: equal
   * input gives equal bytes.
   */
  encodeJudgement(judgement: EncodeJudgement): readonly OutboxRecord[];
  /** The scores of the run as a whole. Pure: equal input gives equal bytes. */
  encodeRunScores(request: EncodeRunScores): readonly RunScoresRecord[];
  /**
   * One request, its deadline in the signal. Never throws for what the platform answers. `mayPost` must be asked in the very
   * moment in which the request leaves, after all encoding: where it says no, nothing is sent (`unreachable`).
   */
  send(batch: OutboundExport, signal: AbortSignal, mayPost?: () => boolean): Promise<SendOutcome>;
  /**
   * Which of an export's span ids the platform shows now (asked by the export id). Throws PLATFORM_UNREACHABLE with a wait of 0
   * where the deadline was too short for all of it, and the next call goes on from there.
   */
  findExport(batch: OutboundExport, signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** All that the platform shows of the run, duplicates included. */
  readBack(request: {
    readonly run: PlatformRun;
    readonly runUid: string;
    readonly from: string;
    readonly kind: 'spans' | 'scores';
    /** The traces whose scores are asked for; a page of them. */
    readonly traceIds?: readonly string[];
    /** The platform's runs whose scores as a whole are asked for, instead of those of traces. */
    readonly runIds?: readonly string[];
    /** The scores that are looked for, where they are known: some platforms find scores by their own ids best. */
    readonly scoreIds?: readonly string[];
    readonly signal: AbortSignal;
  }): AsyncIterable<PlatformPage>;
  /** Deletes traces with all that belongs to them; unknown ones are no error. Absent where the platform cannot. */
  deleteTraces?(traceIds: readonly string[], signal: AbortSignal): Promise<void>;
  /** Deletes a score; an unknown one is no error. Absent where the platform cannot. */
  deleteScore?(scoreId: string, signal: AbortSignal): Promise<void>;
  /** Where a person looks at the trace of a cell. Without its place only where the trace's id alone finds it. */
  traceUrl(projectId: string, traceId: string, place?: TracePlace): string;
  /** Where a person sees all traces of the project. */
  tracesUrl?(projectId: string): string;
  /** Where a person looks at one of the run's runs there. */
  runUrl?(run: PlatformRun, runId: string): string;
  readTrace(traceId: string, signal: AbortSignal): Promise<TraceView>;
  close(): Promise<void>;
}

/** Where a cell's trace stands, for platforms that file traces by run and by time. */
export interface TracePlace {
  readonly run: PlatformRun;
  /** 1-based. */
  readonly repetition: number;
  readonly startedAt: string;
}

export interface EnsureItemsRequest {
  readonly dataset: string;
  readonly items: readonly DatasetItem[];
  readonly signal: AbortSignal;
  readonly onProgress: (written: number) => void;
}

export interface PromptToStore extends PromptContent {
  readonly name: string;
  /** sha256 of the canonical content; stands as a label `assay-<first 24 hex>` there. */
  readonly contentHash: string;
  /** The version of this platform that it was read from: nothing is written then, whoever made that one. */
  readonly standing?: string;
}

/** A cell that was judged again. */
export interface EncodeJudgement {
  /** As it is now. */
  readonly cell: CellResult;
  readonly item: DatasetItem;
  readonly run: EncodeContext;
  readonly pass: number;
  /** Of this judgement only; their paths are those of a first judgement. */
  readonly calls: readonly CallRecord[];
  /** Spans of the evaluators' own instrumentation, made in this judgement; their paths, too, are those of a first one. */
  readonly spans?: readonly TracedSpan[];
  readonly failures: readonly EvaluatorFailure[];
}

export interface EncodeRunScores {
  readonly scores: readonly RunScore[];
  readonly run: EncodeContext;
  /** Recorded once, so that what is sent again is the same. */
  readonly timestamp: string;
}

/** What of the run encoding needs beside the cell. */
export interface EncodeContext extends RunContext {
  readonly run: PlatformRun;
}
