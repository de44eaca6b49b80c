import type { Client } from '@temporalio/client';

import { schemaProblems } from '../contracts/schema-problems.js';
import {
  baselineRequestSchema,
  type BaselineRecord,
  type BaselineReply,
  type BaselineRequest,
  type BaselineRequestInput,
} from '../contracts/baseline.js';
import { AssayError } from '../core/errors/assay-error.js';
import { baselineWorkflowId, baselineWorkflowType, taskQueues } from '../core/experiment/naming.js';
import { findBaseline, listBaselines } from '../store/baselines/rows.js';
import { attributesOf } from './search-attributes.js';
import { temporalUnreachable } from './temporal-failures.js';
import type { Transport } from './transport.js';
import { requireWorker } from './worker-presence.js';

export type { BaselineRecord } from '../contracts/baseline.js';

/** Which baseline. */
export interface BaselineKey {
  readonly project: string;
  readonly name: string;
}

/** How a baseline stands after a command. */
export type BaselineChange = BaselineReply & {
  readonly outcome: 'saved' | 'promoted' | 'renewed' | 'unchanged' | 'deleted';
};

/** What runs are compared with: the scores of a run as they were when it was saved. */
export interface Baselines {
  /**
   * Keeps the scores of a run that has ended, and its manifest; the same run under the same name again is the same baseline.
   *
   * @param options.name default: that of the run.
   * @param options.promote gates of the dataset take it from now on. Default false.
   * @throws AssayError EXPERIMENT_NOT_FOUND, EXPERIMENT_RUNNING, GATE_RUN_FAILED, BASELINE_EXISTS, BASELINE_BUSY, NAME_INVALID,
   *   WORKER_MISSING, WORKER_OUTDATED, TEMPORAL_UNREACHABLE
   */
  save(
    run: BaselineKey,
    options?: { readonly name?: string; readonly promote?: boolean },
  ): Promise<BaselineChange>;
  /** Gates of its dataset take it from now on. @throws AssayError BASELINE_NOT_FOUND, BASELINE_BUSY, … as {@link save} */
  promote(key: BaselineKey): Promise<BaselineChange>;
  /**
   * Judges the stored outputs of its run with the evaluators of today's config, and keeps those scores; no target is called.
   *
   * @throws AssayError BASELINE_NOT_FOUND, EXPERIMENT_PRUNED, EXPERIMENT_RUNNING, BASELINE_BUSY, … as {@link save}
   */
  rejudge(key: BaselineKey): Promise<BaselineChange>;
  /**
   * Forgets it with its scores; its run stays, and so do verdicts that were given against it.
   *
   * @throws AssayError BASELINE_NOT_FOUND, BASELINE_IN_USE where it is promoted or a gate runs against it, BASELINE_BUSY, … as {@link save}
   */
  delete(key: BaselineKey): Promise<BaselineChange>;
  /** The promoted one of each dataset first, then the newest. */
  list(of: {
    readonly project: string;
    readonly dataset?: string;
  }): Promise<readonly BaselineRecord[]>;
  /** @throws AssayError BASELINE_NOT_FOUND */
  get(key: BaselineKey): Promise<BaselineRecord>;
}

export function createBaselines(transport: Transport): Baselines {
  const change = async (input: BaselineRequestInput): Promise<BaselineChange> => {
    const request = parseRequest(input);
    const reply = await carryOut(await transport.temporal(), request);
    if (reply.outcome === 'rejected') throw AssayError.from(reply.error);
    return reply;
  };
  return {
    save: ({ project, name: run }, { name = run, promote = false } = {}) =>
      change({ kind: 'save', project, name, run, promote }),
    promote: (key) => change({ kind: 'promote', ...key }),
    rejudge: (key) => change({ kind: 'rejudge', ...key }),
    delete: (key) => change({ kind: 'delete', ...key }),
    list: async (of) => listBaselines(await transport.store(), of),
    async get(key) {
      const baseline = await findBaseline(await transport.store(), key);
      if (baseline !== undefined) return baseline;
      throw new AssayError('BASELINE_NOT_FOUND', `There is no baseline "${key.name}".`, {
        mend: 'See `assay baseline list`.',
      });
    },
  };
}

/** @throws AssayError NAME_INVALID with all problems at once. */
function parseRequest(input: BaselineRequestInput): BaselineRequest {
  const parsed = baselineRequestSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AssayError('NAME_INVALID', 'The baseline cannot be named so.', {
    problems: schemaProblems(parsed.error, 'request'),
  });
}

/**
 * Has a worker do it, durably: it goes on whatever becomes of the caller. Of each baseline one thing is done at a time.
 *
 * @throws AssayError WORKER_MISSING, WORKER_OUTDATED, BASELINE_BUSY, TEMPORAL_UNREACHABLE
 */
async function carryOut(client: Client, request: BaselineRequest): Promise<BaselineReply> {
  const { project, name, kind } = request;
  const taskQueue = taskQueues(project).orchestration;
  try {
    await requireWorker(client, taskQueue);
    const handle = await client.workflow.start(baselineWorkflowType, {
      workflowId: baselineWorkflowId(project, name),
      taskQueue,
      args: [request],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${kind} a baseline`,
      typedSearchAttributes: attributesOf(project, 'baseline'),
    });
    // A worker of before a command was made has no case for it, does nothing and has nothing to say.
    const reply = (await handle.result()) as BaselineReply | null | undefined;
    return reply ?? refuseOlderWorker(request);
  } catch (error) {
    if ((error as { name?: unknown }).name === 'WorkflowExecutionAlreadyStartedError') {
      throw new AssayError('BASELINE_BUSY', `Something else is being done to "${name}".`, {
        mend: 'Give the command again in a moment.',
        cause: error,
      });
    }
    throw temporalUnreachable(error);
  }
}

function refuseOlderWorker({ kind, name }: BaselineRequest): never {
  throw new AssayError(
    'WORKER_OUTDATED',
    `The worker is older than this client and does not know "${kind}" of a baseline.`,
    {
      mend: `Start workers of this version and give the command again: nothing was changed of "${name}".`,
    },
  );
}
