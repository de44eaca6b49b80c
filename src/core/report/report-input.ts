/** What a report is made of: the run as a whole, and one record per cell that has ended. */
import type { ErrorDocument } from '../errors/assay-error.js';
import type { TraceMode } from '../../contracts/experiment-spec.js';
import type { Manifest } from '../../contracts/manifest.js';
import type { PassRecord } from '../../contracts/pass.js';
import type {
  CellResult,
  DatasetItem,
  ExperimentStatus,
  PublicationCounts,
} from '../../contracts/records.js';
import type { AnchorReport } from '../../contracts/report/anchors.js';
import type { ReportComparison } from '../../contracts/report/comparison.js';
import type { ReportLink, ReportPlatform } from '../../contracts/report/run.js';

/** The run as a whole. All times are ISO 8601 texts in UTC. */
export interface ReportHeader {
  readonly project: string;
  readonly experiment: string;
  readonly description?: string;
  readonly runUid: string;
  readonly manifest: Manifest;
  readonly manifestHash: string;
  /** The pinned moment or version of the dataset. */
  readonly datasetVersion?: string;
  readonly status: ExperimentStatus;
  /** Why the run failed, was cancelled or stayed unverified. */
  readonly error?: ErrorDocument;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Items × repetitions: the denominator of everything. */
  readonly planned: number;
  readonly concurrency: number;
  readonly seed: number;
  /** How many items a sample was asked for, where one was. */
  readonly sampleAsked?: number;
  /** Whether cells were to be taken over from earlier runs. Default false. */
  readonly reuse?: boolean;
  /** How much of what was published was read back; with `off` nothing is said to be verified. */
  readonly verify: 'full' | 'sample' | 'off';
  /** With `none` nothing was published, and nobody wanted it. Default platform. */
  readonly trace?: TraceMode;
  /** What was done to the run after its end, the oldest first. Default: nothing. */
  readonly passes?: readonly PassRecord[];
  readonly platforms: readonly ReportPlatform[];
  readonly publication: readonly PublicationCounts[];
  readonly links: readonly ReportLink[];
  /** The run against its baseline, where it was compared. */
  readonly comparison?: ReportComparison;
  /** How judges did on their anchors. Default: none has any. */
  readonly anchors?: readonly AnchorReport[];
}

/** One cell that has ended, in its last revision, with its item and its trace. */
export interface ReportCell extends CellResult {
  readonly item: DatasetItem;
  /** Empty where the cell has none. */
  readonly traceId: string;
  /** Where a person looks at the trace; absent where no platform holds it. */
  readonly traceUrl?: string;
}
