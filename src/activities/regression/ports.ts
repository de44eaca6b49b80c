import type { ReopenReply } from '../../contracts/pass.js';
import type { RunStop, SubmitReply } from '../../contracts/experiment-protocol.js';
import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { ExperimentPorts } from '../experiment/ports.js';

/** The workflows of runs, as callers reach them: what a gate starts is started as a person would start it. */
export interface RunStarter {
  /** @throws AssayError TEMPORAL_UNREACHABLE, WORKER_MISSING */
  submit(spec: ExperimentSpec): Promise<SubmitReply>;
  /** Has a run start nothing more; one that is ending anyway is left alone. @throws as above */
  stop(run: { readonly project: string; readonly name: string }, stop: RunStop): Promise<void>;
  /** Judges stored outputs of a run that has ended with what is new or changed of today's evaluators. @throws as above */
  rejudge(run: { readonly project: string; readonly name: string }): Promise<ReopenReply>;
}

/** What the activities of gates and baselines are made of. */
export interface RegressionPorts extends ExperimentPorts {
  readonly runs: RunStarter;
}
