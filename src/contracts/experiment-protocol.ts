/** What goes through Temporal for an experiment: small, versioned, never a body. */
import type { Backend } from './backend.js';
import type { ExperimentEstimate } from './estimate.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';
import type { EarlyStop } from '../core/regression/stopped.js';
import type { ExperimentSpec, Priority } from './experiment-spec.js';
import type { ManifestDifference } from './manifest.js';
import type { PassRef, PassRequest, ReopenReply } from './pass.js';
import type { CellCounts, ExperimentStatus, PublicationCounts } from './records.js';

/** What a workflow execution starts with. `state` is what continue-as-new carries over. */
export interface ExperimentInput {
  readonly project: string;
  readonly name: string;
  readonly state?: ExperimentState;
}

/**
 * The small state that a new execution of the same run begins with. Version 2 added what is optional after `cancelled`; a
 * state of version 1 is one without it.
 */
export interface ExperimentState {
  readonly version: 1 | 2;
  readonly plan: AdmittedPlan;
  /** The first position that is not done; some after it may be. */
  readonly nextPosition: number;
  /** A cancel came while the execution before this one handed over. */
  readonly cancelled?: boolean;
  /** The run is paused. */
  readonly pause?: RunPause;
  /** Every cell has ended: only publishing was left. */
  readonly cellsClosed?: boolean;
  /** Why nothing new starts although nobody cancelled: its gate was settled while the execution before this one handed over. */
  readonly stopped?: ErrorDocument;
  /** What the run ends with, known before the last record was published. */
  readonly failure?: ErrorDocument;
}

/** Why a run stands still. */
export interface RunPause {
  /** Who paused it decides what ends the pause: `resume`, or a larger budget. */
  readonly cause: 'person' | 'budget';
  /** For people: `paused by a person`, or what the next call must hold of the budget and what is left. */
  readonly reason: string;
  /** Where the budget paused it: below this no call would be made. */
  readonly leastBudgetUsd?: number;
  /** ISO 8601. */
  readonly since: string;
}

/** What ended a run before all of its cells were run, although nothing was wrong with it. */
export interface RunStop {
  /** The id of the gate whose verdict the other cells would not change. */
  readonly gate: string;
  readonly early: EarlyStop;
}

/** What was asked of a run while its cells run, as it is recorded in the row. */
export type RunCommand =
  | { readonly kind: 'pause'; readonly pause: RunPause }
  | { readonly kind: 'resume' }
  | { readonly kind: 'concurrency'; readonly concurrency: number }
  /** In flight cells are given up: their batches look for this in the row. */
  | { readonly kind: 'abort' }
  /** Its verdict is settled: nothing new starts. */
  | { readonly kind: 'stop'; readonly stop: RunStop }
  | { readonly kind: 'budget'; readonly budgetUsd: number };

/** What came of recording a command: what only the rows know can stand in its way. */
export type RunCommandReply =
  { readonly outcome: 'recorded' } | { readonly outcome: 'refused'; readonly error: ErrorDocument };

export interface PauseRequest {
  /** Shown beside the status, up to 200 characters. */
  readonly reason?: string;
}
export interface CancelRequest {
  /** Cells in flight are aborted as well. */
  readonly now?: boolean;
}
export interface StopRequest {
  readonly stop: RunStop;
}
export interface ConcurrencyRequest {
  readonly concurrency: number;
}
export interface BudgetRequest {
  /** What the run may cost in all. */
  readonly budgetUsd: number;
}

/** What the workflow must know of a run to drive it. */
export interface AdmittedPlan {
  readonly experimentId: string;
  /** What was asked of the run after its end; absent for the run itself. */
  readonly pass?: PassRef;
  /** Rows to run: all cells, or those of the pass. */
  readonly planned: number;
  readonly concurrency: number;
  readonly platforms: readonly string[];
  readonly verify: 'full' | 'sample' | 'off';
  readonly verifyMs: number;
  readonly summary: string;
  /** For the search attributes. */
  readonly target: string;
  readonly dataset: string;
  /** Where the cells stood when this was told. */
  readonly counts: CellCounts;
  /** Default bulk. */
  readonly priority?: Priority;
  /** The row says that the run is paused: whoever drives it next keeps that. */
  readonly pause?: RunPause;
}

export interface SubmitRequest {
  readonly spec: ExperimentSpec;
}

/** The answer to a submission. */
export type SubmitReply =
  | { readonly outcome: 'started'; readonly experimentId: string }
  | {
      readonly outcome: 'attached';
      readonly experimentId: string;
      readonly status: ExperimentStatus;
    }
  | {
      readonly outcome: 'conflict';
      readonly experimentId: string;
      readonly status: ExperimentStatus;
      readonly differences: readonly ManifestDifference[];
      /** Of the submission: a version that has it already is found by it. */
      readonly manifestHash?: string;
      /** Of the submission, for the same; default langfuse. */
      readonly backend?: Backend;
    }
  | { readonly outcome: 'rejected'; readonly error: ErrorDocument };

/** Where a run stands, as the workflow's query and the UI tell it. */
export interface ExperimentProgress {
  readonly status: ExperimentStatus;
  readonly counts: CellCounts | undefined;
  readonly waitingFor: string | undefined;
}

/** What one batch came to. */
export interface BatchReply {
  readonly ended: Pick<CellCounts, 'ok' | 'target_error' | 'evaluator_error'>;
  /** Cells that were not started, since the batch was told to stop. */
  readonly notStarted: number;
  /** Cells left for later, with the reason and the wait that the provider asked for. */
  readonly deferred?: { readonly cells: number; readonly waitMs: number; readonly reason: string };
  /**
   * Cells stay pending since the budget holds no further call: neither an error nor a wait of known length. They run once
   * it was raised (`setBudget`).
   */
  readonly outOfBudget?: {
    readonly spentUsd: number;
    readonly budgetUsd: number;
    /** What must be held for the smallest of the calls that found no room. */
    readonly neededUsd?: number;
  };
  /** More cells failed than the run allows, counted over all of its rows: nothing new starts. */
  readonly tooManyFailures?: boolean;
}

/** What one drain came to. */
export type DrainReply =
  | { readonly state: 'done'; readonly sent: number }
  | {
      readonly state: 'wait';
      readonly waitMs: number;
      readonly reason: string;
      /** Rows that left before there was something to wait for. */
      readonly sent?: number;
    };

/** What one look at the platform came to. */
export interface VerifyReply {
  readonly complete: boolean;
  /** What is missing was refused by the platform: waiting will not make it appear. */
  readonly hopeless?: boolean;
  readonly counts: PublicationCounts;
}

/** How the run ended, as the workflow's result says it. */
export interface ExperimentOutcome {
  readonly experimentId: string | undefined;
  readonly status: ExperimentStatus | 'nothing_to_do';
  readonly counts: CellCounts | undefined;
  /** One line that says what came out. */
  readonly headline?: string;
  readonly error?: ErrorDocument;
}

/** A command on a run that has ended. */
export interface ReopenRequest {
  readonly project: string;
  readonly name: string;
  readonly request: PassRequest;
  /** Of this command alone: the same one again after a lost answer is known by it. */
  readonly token: string;
  readonly workflowRunId: string;
  /** The execution that asks drives something already: it may attach to that and open nothing. */
  readonly onlyAttach?: boolean;
}

/** What a repair found. */
export interface RepairReply {
  /** Records that the platform does not show, and how many of them are sent again. */
  readonly missing: number;
  readonly requeued: number;
}

/** What a run would come to, or what stands in its way. */
export type EstimateReply =
  { readonly estimate: ExperimentEstimate } | { readonly error: ErrorDocument };

/** The activities of an experiment; the workflow knows them by these types only. */
export interface ExperimentActivities {
  /** Resolves the submission and decides: new, the same run, another content, or unusable. */
  admitExperiment(request: {
    readonly spec: ExperimentSpec;
    readonly workflowId: string;
    readonly workflowRunId: string;
  }): Promise<SubmitReply>;
  /** Says what a run would come to; writes nothing and calls no model. */
  estimateExperiment(request: { readonly spec: ExperimentSpec }): Promise<EstimateReply>;
  /** Makes sure of the platform's side and streams the items into cells; repeats are harmless. */
  planExperiment(request: { readonly experimentId: string }): Promise<AdmittedPlan>;
  /** Runs the pending cells of positions [from, to). */
  runCells(request: {
    readonly experimentId: string;
    readonly from: number;
    readonly to: number;
    readonly pass?: PassRef;
  }): Promise<BatchReply>;
  countCells(request: { readonly experimentId: string }): Promise<CellCounts>;
  /**
   * No cell will run any more: what is pending is skipped where the run was cancelled or failed, and the run's own scores
   * are enqueued.
   */
  closeCells(request: {
    readonly experimentId: string;
    /** Why cells may be left without a run; absent where none must be. */
    readonly ended?: 'cancelled' | 'failed' | 'max_failures' | 'settled';
  }): Promise<CellCounts>;
  /** Writes a command down in the row, where the cells and everybody who looks find it. Repeats are harmless. */
  recordCommand(request: {
    readonly experimentId: string;
    readonly command: RunCommand;
  }): Promise<RunCommandReply>;
  /** Why a run with too many failed cells ends: how many, of how many, and the most frequent reasons. */
  explainFailures(request: { readonly experimentId: string }): Promise<ErrorDocument>;
  /** Sends what stands in the outbox, until the run's cells are closed and nothing is left. */
  publish(request: {
    readonly experimentId: string;
    readonly platform: string;
  }): Promise<DrainReply>;
  verifyPublication(request: {
    readonly experimentId: string;
    readonly platform: string;
  }): Promise<VerifyReply>;
  /** Opens a pass over a run that has ended, with its rows of work; the same request again finds the same pass. */
  reopenExperiment(request: ReopenRequest): Promise<ReopenReply>;
  /** Asks the platform to delete what a pass has replaced: a step of it, until there is none left or something to wait for. */
  deleteSuperseded(request: {
    readonly experimentId: string;
    readonly platform: string;
  }): Promise<DrainReply>;
  /** Finds what the platform does not show and makes it pending again. */
  repairPublication(request: {
    readonly experimentId: string;
    readonly platform: string;
  }): Promise<RepairReply>;
  /** Report and other artefacts, and the final status. */
  finishExperiment(request: {
    readonly experimentId: string;
    readonly status: ExperimentStatus;
    readonly error?: ErrorDocument;
  }): Promise<ExperimentOutcome>;
}
