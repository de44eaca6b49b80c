export { defineConfig } from './contracts/config.js';
export type {
  ConfigInput,
  EvaluatorFunction,
  EvaluatorResult,
  TargetContext,
  TargetFunction,
} from './contracts/config.js';
export { AssayError, type ErrorDocument, type Problem } from './core/errors/assay-error.js';
export type { ErrorCode } from './core/errors/catalogue.js';
export { AssayClient, type AssayClientOptions } from './client/assay-client.js';
export type { ExperimentView } from './client/experiment-view.js';
export type { ExperimentKey, Experiments, StartedExperiment } from './client/experiments.js';
export type { WaitOptions } from './client/until-ended.js';
export type { BaselineChange, BaselineKey, BaselineRecord, Baselines } from './client/baselines.js';
export type {
  Datasets,
  PlatformPush,
  PushedDataset,
  PushOptions,
  PushRecord,
} from './client/datasets.js';
export type { DatasetPushInput } from './contracts/dataset-push.js';
export type { GateKey, GateRecord, GateReport, Gates, GateWaitOptions } from './client/gate.js';
export type {
  PutScheduleOptions,
  ScheduleKey,
  Schedules,
  ScheduleView,
} from './client/schedules.js';
export type { ScheduledRun } from './client/schedule-last-run.js';
export type { Connections } from './contracts/environment.js';
export type { ExperimentSpecInput } from './contracts/experiment-spec.js';
export type { GateRequestInput } from './contracts/gate-protocol.js';
export type { ScheduleSpecInput } from './contracts/schedule.js';
