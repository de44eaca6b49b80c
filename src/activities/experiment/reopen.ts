import type { ExperimentActivities, ReopenRequest } from '../../contracts/experiment-protocol.js';
import type { PassKind, ReopenReply } from '../../contracts/pass.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { isFinalStatus } from '../../core/experiment/naming.js';
import { contentHash } from '../../core/ids/hash.js';
import { findExperiment, type ExperimentRecord } from '../../store/experiments.js';
import { openPass, type NewPass, type OpenedPass } from '../../store/passes/open-pass.js';
import { findOpenPass, type OpenPass } from '../../store/passes/pass-records.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import type { ExperimentPorts } from './ports.js';
import type { PreparedPass } from './prepared-pass.js';
import { prepareExtension } from './reopen-extend.js';
import { prepareRejudgement } from './reopen-rejudge.js';
import { platformsNamed } from './run-platforms.js';
import { loadRun } from './running-experiment.js';

/** A run may be changed between the look at it and the opening; more often than this it is a defect. */
const looks = 5;

/**
 * Decides about a command on a run that has ended, and opens its pass. The row in Postgres decides: Temporal forgets runs, and
 * an answer can be lost.
 */
export function createReopen(ports: ExperimentPorts): ExperimentActivities['reopenExperiment'] {
  return (request) =>
    withHeartbeat(async (beat): Promise<ReopenReply> => {
      for (let look = 1; look <= looks; look += 1) {
        const reply = await tryReopen(request, { ports, beat });
        if (reply !== 'changed') return reply;
      }
      throw new AssayError('INTERNAL', `"${request.name}" changes all the time.`, {
        retryAfterMs: 1_000,
      });
    });
}

async function tryReopen(
  asked: ReopenRequest,
  { ports, beat }: { readonly ports: ExperimentPorts; readonly beat: Beat },
): Promise<ReopenReply | 'changed'> {
  const { store } = ports;
  const record = await findExperiment(store, asked);
  if (record === undefined) return refuse(notFound(asked));
  const requestHash = contentHash(asked.request);
  const open = await findOpenPass(store, record.id);
  if (open !== undefined) {
    const own = open.token === asked.token;
    if (own || open.requestHash === requestHash) return going(record, open, own);
    return refuse(running(record, open.kind));
  }
  if (!isFinalStatus(record.status)) return refuse(running(record));
  if (asked.onlyAttach === true) return { outcome: 'ending' };
  let prepared: PreparedPass;
  try {
    prepared = await prepare(record, asked, { ports, signal: beat.cancelled });
  } catch (error) {
    // Whoever asks is waiting for the answer: what stands in the way is told, not tried again.
    if (AssayError.is(error)) return refuse(error);
    throw error;
  }
  const pass: NewPass = {
    experimentId: record.id,
    request: asked.request,
    requestHash,
    token: asked.token,
    workflowRunId: asked.workflowRunId,
    manifestHash: record.manifestHash,
    ...prepared,
    details: {
      ...prepared.details,
      ...(record.finishedAt === undefined ? {} : { finishedBefore: record.finishedAt }),
    },
  };
  const opened = await openPass(store, pass, {
    onProgress: (cells) => beat.tell({ step: 'open', cells }),
  });
  return replyOf(opened, record, asked.request.kind);
}

function replyOf(
  opened: OpenedPass,
  record: ExperimentRecord,
  kind: PassKind,
): ReopenReply | 'changed' {
  switch (opened.state) {
    case 'opened':
      return going(record, opened.pass, true);
    case 'going_on':
      return going(record, opened.pass, false);
    case 'busy':
      return refuse(running(record, opened.pass.kind));
    case 'running':
    case 'changed':
      return 'changed';
    case 'pruned':
      return refuse(pruned(record));
    case 'nothing':
      return refuse(nothing(record, kind));
  }
}

const going = (record: ExperimentRecord, pass: OpenPass, own: boolean): ReopenReply => ({
  outcome: own ? 'started' : 'attached',
  experimentId: record.id,
  pass: pass.pass,
  kind: pass.kind,
  cells: pass.cells,
});

const refuse = (error: AssayError): ReopenReply => ({
  outcome: 'rejected',
  error: error.toJSON(),
});

/** @throws AssayError whatever stands in the way of the pass. */
async function prepare(
  record: ExperimentRecord,
  { request }: ReopenRequest,
  { ports, signal }: { readonly ports: ExperimentPorts; readonly signal: AbortSignal },
): Promise<PreparedPass> {
  if (record.prunedAt !== undefined && request.kind !== 'verify') throw pruned(record);
  if (record.plannedAt === undefined) throw neverPlanned(record);
  platformsNamed(
    ports,
    record.platformRuns.map(({ platform }) => platform),
  );
  switch (request.kind) {
    case 'retry':
      await sameCode(record, ports);
      return { details: {} };
    case 'rejudge':
      return prepareRejudgement(record, request, ports);
    case 'extend':
      await sameCode(record, ports);
      return prepareExtension(record, request, { ports, signal });
    case 'verify':
      return { details: {} };
  }
}

// The manifest says what made the answers of the run: other code would make it a lie.
async function sameCode(record: ExperimentRecord, ports: ExperimentPorts): Promise<void> {
  try {
    await loadRun(record.id, ports);
  } catch (error) {
    if (!AssayError.is(error) || error.code !== 'CODE_MISMATCH') throw error;
    throw new AssayError('CODE_MISMATCH', `"${record.name}" was run with another config.`, {
      problems:
        error.problems.length > 0 ? error.problems : [{ at: 'config', message: error.message }],
      mend: 'Go back to the config of the run, or run what there is now under another name or with --new-version.',
      cause: error,
    });
  }
}

const notFound = ({ project, name }: ReopenRequest): AssayError =>
  new AssayError(
    'EXPERIMENT_NOT_FOUND',
    `There is no experiment "${name}" in the project "${project}".`,
    { mend: 'See `assay experiment list`.' },
  );

const doing = {
  retry: 'a retry of it',
  rejudge: 'a re-judgement of it',
  extend: 'more repetitions of it',
  verify: 'a look at its platforms',
} as const;

const running = ({ name, status }: ExperimentRecord, kind?: PassKind): AssayError =>
  new AssayError(
    'EXPERIMENT_RUNNING',
    kind === undefined
      ? `"${name}" has not ended: it is ${status}.`
      : `"${name}" has not ended: ${doing[kind]} goes on (${status}).`,
    {
      mend: 'Wait for its end (`assay experiment watch`), or cancel it. Where nobody drives it any more, submit it again: that takes it up.',
    },
  );

const pruned = ({ name }: ExperimentRecord): AssayError =>
  new AssayError('EXPERIMENT_PRUNED', `The inputs and outputs of "${name}" were pruned.`, {
    mend: 'Run it again under another name.',
  });

const neverPlanned = ({ name, status }: ExperimentRecord): AssayError =>
  new AssayError('NOTHING_TO_RETRY', `"${name}" ended as ${status} before it had a plan.`, {
    mend: 'It has no cells. Run it again under another name.',
  });

function nothing({ name }: ExperimentRecord, kind: PassKind): AssayError {
  switch (kind) {
    case 'retry':
    case 'verify':
      return new AssayError('NOTHING_TO_RETRY', `No cell of "${name}" failed.`, {
        mend: 'Cells that a cancelled or failed run has skipped are retried with --skipped.',
      });
    case 'rejudge':
      return new AssayError('NOTHING_TO_REJUDGE', `No cell of "${name}" has an output.`, {
        mend: 'Retry its failed cells first: `assay experiment retry`.',
      });
    case 'extend':
      return new AssayError('NOTHING_TO_EXTEND', `"${name}" has these repetitions already.`);
  }
}
