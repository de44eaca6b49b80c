import type { ExperimentSpec, ExperimentSpecInput } from '../contracts/experiment-spec.js';
import type { ExperimentEstimate } from '../contracts/estimate.js';
import type { SubmitReply } from '../contracts/experiment-protocol.js';
import type { PassRequestInput } from '../contracts/pass.js';
import type { CellStatus, ExperimentStatus } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import {
  budgetUpdate,
  cancelUpdate,
  concurrencyUpdate,
  isFinalStatus,
  pauseUpdate,
  resumeUpdate,
} from '../core/experiment/naming.js';
import { streamResults, type StoredCell } from '../store/cell-results.js';
import { costsOf, type RunCosts } from '../store/costs.js';
import { listExperiments } from '../store/experiment-list.js';
import { findExperiment, type ExperimentRecord } from '../store/experiments.js';
import { estimateExperiment } from './estimate.js';
import { sendCommand } from './commands.js';
import { parseSpec, refuseBudget, refuseConcurrency } from './experiment-requests.js';
import { experimentView, type ExperimentView } from './experiment-view.js';
import { differencesOf, submitNewVersion, type ForkedFrom } from './new-version.js';
import { keptReport, reportForms, type ReportFormat } from './kept-report.js';
import { partialReport } from './partial-report.js';
import { isNotAdmitted, missingExperiment } from './missing-experiment.js';
import { createWaits } from './progress.js';
import { parsePassRequest, reopenExperiment, type StartedPass } from './reopen.js';
import { submitExperiment } from './submit.js';
import type { Transport } from './transport.js';
import { untilEnded, type WaitOptions } from './until-ended.js';

export type { RunCosts } from '../store/costs.js';

/** What came of a start. */
export interface StartedExperiment {
  readonly id: string;
  readonly name: string;
  /** `attached`: this very run was there already, running or ended. */
  readonly outcome: 'started' | 'attached';
  /** Where the name that was asked for has another content and the run is a new version of it. */
  readonly forkedFrom?: ForkedFrom;
}

export interface StartOptions {
  /**
   * What happens where the name has another content already. `new_version` takes the next of `{name}-v2`, `-v3`, … that is
   * free or has this very content, so the same submission twice is the same version. Default `fail`.
   */
  readonly onConflict?: 'fail' | 'new_version';
}

/** Which run. */
export interface ExperimentKey {
  readonly project: string;
  readonly name: string;
}

/** The experiments of the installation: start, look, wait, cancel, read. */
export interface Experiments {
  /**
   * Starts a run, or attaches to the same one, under the name that is given back. The run goes on whatever becomes of the caller.
   *
   * @throws AssayError SPEC_INVALID, EXPERIMENT_CONFLICT (its problems list what differs), WORKER_MISSING,
   *   TEMPORAL_UNREACHABLE, and what stands in the way of this run: DATASET_*, TARGET_NOT_FOUND, PROMPT_*, PLATFORM_*, …
   */
  start(spec: ExperimentSpecInput, options?: StartOptions): Promise<StartedExperiment>;
  /**
   * Says what a run would come to: calls, tokens, cost and time, each with its range and what it is based on. No run is
   * made, nothing is paid or written.
   *
   * @throws AssayError as {@link Experiments.start}.
   */
  estimate(spec: ExperimentSpecInput): Promise<ExperimentEstimate>;
  /** @throws AssayError EXPERIMENT_NOT_FOUND, EXPERIMENT_NOT_ADMITTED while a worker still reads what was submitted */
  get(key: ExperimentKey): Promise<ExperimentView>;
  /**
   * What a run has cost so far, by what it was paid for, with of how many cells that is known. Reads every cell of the run.
   *
   * @throws AssayError EXPERIMENT_NOT_FOUND
   */
  costs(key: ExperimentKey): Promise<RunCosts>;
  /** Resolves when the run has ended. @throws AssayError WAIT_TIMEOUT, EXPERIMENT_NOT_FOUND */
  wait(key: ExperimentKey, options?: WaitOptions): Promise<ExperimentView>;
  /** Newest first. */
  list(query: {
    readonly project?: string;
    readonly status?: readonly ExperimentStatus[];
    readonly limit?: number;
    readonly cursor?: string;
  }): Promise<{
    readonly experiments: readonly ExperimentView[];
    readonly nextCursor: string | undefined;
  }>;
  /**
   * Cells in flight finish and are kept, the others are recorded as skipped, and the report is made. With `now` cells in
   * flight are aborted and recorded as skipped as well; their calls may have been paid for. A run that is still being admitted ends
   * before its first cell.
   * @throws AssayError EXPERIMENT_FINISHED, EXPERIMENT_NOT_FOUND, WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  cancel(key: ExperimentKey, options?: { readonly now?: boolean }): Promise<void>;
  /**
   * Nothing new starts; cells in flight finish and are kept. The run stays as it is, whatever restarts, until `resume`.
   * @throws AssayError EXPERIMENT_PAUSED, EXPERIMENT_FINISHED, EXPERIMENT_NOT_FOUND, WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  pause(key: ExperimentKey, options?: { readonly reason?: string }): Promise<ExperimentView>;
  /**
   * @throws AssayError EXPERIMENT_NOT_PAUSED, BUDGET_EXHAUSTED where only a larger budget helps, EXPERIMENT_FINISHED,
   *   EXPERIMENT_NOT_FOUND, WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  resume(key: ExperimentKey): Promise<ExperimentView>;
  /**
   * Changes how many cells may be in flight, 1 to 2,000; workers follow within about a second. Cells in flight finish.
   * @throws AssayError CONCURRENCY_INVALID, EXPERIMENT_FINISHED, EXPERIMENT_NOT_FOUND, WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  setConcurrency(key: ExperimentKey, concurrency: number): Promise<ExperimentView>;
  /**
   * Gives the run another budget, in dollars and in all; one that waits for it goes on.
   * @throws AssayError BUDGET_INVALID, BUDGET_BELOW_SPENT, BUDGET_NOT_SET where it was started without one,
   *   EXPERIMENT_FINISHED, EXPERIMENT_NOT_FOUND, WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  setBudget(key: ExperimentKey, budgetUsd: number): Promise<ExperimentView>;
  /**
   * Runs the failed cells of a run that has ended again, as new revisions; with `includeSkipped` also those that it skipped.
   * A cell whose target answered keeps its answer: only the evaluators that failed are asked again. The same command while it
   * goes on attaches.
   * @throws AssayError NOTHING_TO_RETRY, EXPERIMENT_RUNNING, CODE_MISMATCH, EXPERIMENT_PRUNED, EXPERIMENT_NOT_FOUND,
   *   WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  retryFailed(
    key: ExperimentKey,
    options?: { readonly includeSkipped?: boolean },
  ): Promise<StartedPass>;
  /**
   * Judges the stored outputs of a run that has ended with the evaluators of today's config; no target is called. Default:
   * those that are new or changed since the run; `evaluators` names some, `all` takes also the unchanged.
   * @throws AssayError NOTHING_TO_REJUDGE, EVALUATOR_NOT_FOUND, EXPERIMENT_RUNNING, EXPERIMENT_PRUNED, EXPERIMENT_NOT_FOUND,
   *   WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  rejudge(
    key: ExperimentKey,
    options?: { readonly evaluators?: string[]; readonly all?: boolean },
  ): Promise<StartedPass>;
  /**
   * Runs more repetitions of each item of a run that has ended, up to so many in all.
   * @throws AssayError NOTHING_TO_EXTEND, SPEC_INVALID, CODE_MISMATCH, EXPERIMENT_EXISTS_ELSEWHERE, EXPERIMENT_RUNNING,
   *   EXPERIMENT_PRUNED, EXPERIMENT_NOT_FOUND, WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  extend(key: ExperimentKey, options: { readonly repetitions: number }): Promise<StartedPass>;
  /**
   * Reads the platforms back again for a run that has ended; with `repair` sends what they do not show.
   * @throws AssayError EXPERIMENT_RUNNING, EXPERIMENT_NOT_FOUND, WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  verify(key: ExperimentKey, options?: { readonly repair?: boolean }): Promise<StartedPass>;
  /** The cells that have ended, while the run goes on as well, by item and repetition. */
  results(
    key: ExperimentKey,
    options?: { readonly status?: readonly CellStatus[] },
  ): AsyncGenerator<StoredCell>;
  /**
   * The report as it was made at the end; with `partial` that of the cells which have ended, where the run goes on.
   * @throws AssayError REPORT_NOT_READY, EXPERIMENT_NOT_FOUND
   */
  report(
    key: ExperimentKey,
    format: ReportFormat,
    options?: { readonly partial?: boolean },
  ): Promise<string>;
}

export function createExperiments(transport: Transport): Experiments {
  const find = async (key: ExperimentKey): Promise<ExperimentRecord> => {
    const record = await findExperiment(await transport.store(), key);
    if (record !== undefined) return record;
    throw await missingExperiment(transport, key);
  };
  const waits = createWaits(transport);
  const view = async (record: ExperimentRecord, waitingFor?: string): Promise<ExperimentView> =>
    experimentView(await transport.store(), record, waitingFor);
  const get = async (key: ExperimentKey): Promise<ExperimentView> => {
    const record = await find(key);
    return view(record, await waits.of(record));
  };
  const command = async (
    key: ExperimentKey,
    { update, request }: { readonly update: string; readonly request: object },
  ): Promise<void> => {
    const record = await find(key).catch((error: unknown) => {
      // Its driver keeps it, and ends the run as soon as there is one.
      if (update === cancelUpdate && isNotAdmitted(error)) return undefined;
      throw error;
    });
    if (record !== undefined && isFinalStatus(record.status)) {
      throw new AssayError('EXPERIMENT_FINISHED', `"${key.name}" has ended as ${record.status}.`, {
        mend: 'Nothing of it runs any more. What can be done now: `assay experiment retry`, `rejudge`, `extend` or `verify`.',
      });
    }
    await sendCommand(await transport.temporal(), { ...key, update, request });
  };
  const change = async (
    key: ExperimentKey,
    asked: { readonly update: string; readonly request: object },
  ): Promise<ExperimentView> => {
    await command(key, asked);
    return view(await find(key));
  };
  const reopen = async (key: ExperimentKey, input: PassRequestInput): Promise<StartedPass> => {
    const request = parsePassRequest(input);
    await find(key);
    return reopenExperiment(await transport.temporal(), key, request);
  };
  return {
    get,
    async start(input, { onConflict = 'fail' } = {}) {
      const spec = parseSpec(input);
      const temporal = await transport.temporal();
      const reply = await submitExperiment(temporal, spec);
      if (reply.outcome !== 'conflict' || onConflict !== 'new_version') {
        return startedOr(reply, spec);
      }
      const fork = await submitNewVersion(spec, reply, {
        store: await transport.store(),
        submit: (next) => submitExperiment(temporal, next),
      });
      const forkedFrom = { name: spec.name, differences: differencesOf(reply) };
      return { ...startedOr(fork.reply, fork.spec), forkedFrom };
    },
    costs: async (key) => costsOf(await transport.store(), (await find(key)).id),
    estimate: async (input) => estimateExperiment(await transport.temporal(), parseSpec(input)),
    wait: (key, options = {}) => untilEnded(key, () => get(key), options),
    async list({ project, status, limit, cursor }) {
      const store = await transport.store();
      const page = await listExperiments(store, {
        ...(project === undefined ? {} : { project }),
        ...(status === undefined ? {} : { status }),
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return {
        experiments: await Promise.all(page.experiments.map((record) => view(record))),
        nextCursor: page.nextCursor,
      };
    },
    async cancel(key, { now = false } = {}) {
      await command(key, { update: cancelUpdate, request: { now } });
    },
    pause: (key, { reason } = {}) =>
      change(key, { update: pauseUpdate, request: reason === undefined ? {} : { reason } }),
    resume: (key) => change(key, { update: resumeUpdate, request: {} }),
    // What can never be meant is told before anything of the run: it would be as wrong for one that goes on.
    async setConcurrency(key, concurrency) {
      refuseConcurrency(concurrency);
      return change(key, { update: concurrencyUpdate, request: { concurrency } });
    },
    async setBudget(key, budgetUsd) {
      refuseBudget(budgetUsd);
      return change(key, { update: budgetUpdate, request: { budgetUsd } });
    },
    retryFailed: (key, options = {}) => reopen(key, { kind: 'retry', ...options }),
    rejudge: (key, options = {}) => reopen(key, { kind: 'rejudge', ...options }),
    extend: (key, options) => reopen(key, { kind: 'extend', ...options }),
    verify: (key, options = {}) => reopen(key, { kind: 'verify', ...options }),
    async *results(key, options = {}) {
      const record = await find(key);
      const status = options.status === undefined ? {} : { status: options.status };
      yield* streamResults(await transport.store(), record.id, status);
    },
    async report(key, format, { partial = false } = {}) {
      const record = await find(key);
      const store = await transport.store();
      if (partial && !isFinalStatus(record.status)) {
        const model = await partialReport(record, { store, platforms: transport.platforms() });
        return reportForms[format].render(model);
      }
      const kept = await keptReport({ store, experimentId: record.id }, format);
      if (kept !== undefined) return kept;
      throw new AssayError('REPORT_NOT_READY', `"${key.name}" is ${record.status}.`, {
        mend: 'It is made when the run ends; until then `assay experiment report --partial` shows what is there.',
      });
    },
  };
}

function startedOr(reply: SubmitReply, spec: ExperimentSpec): StartedExperiment {
  switch (reply.outcome) {
    case 'started':
    case 'attached':
      return { id: reply.experimentId, name: spec.name, outcome: reply.outcome };
    case 'rejected':
      throw AssayError.from(reply.error);
    case 'conflict':
      throw new AssayError(
        'EXPERIMENT_CONFLICT',
        `"${spec.name}" exists (${reply.status}) with another content.`,
        {
          problems: differencesOf(reply),
          mend: 'Choose another name, take the next one with --new-version, or leave --name out for a fresh one.',
        },
      );
  }
}
