import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { TerminatedFailure } from '@temporalio/common';
import { setTimeout as wait } from 'node:timers/promises';

import { schemaProblems } from '../contracts/schema-problems.js';
import {
  platformMigrationSchema,
  type MoveReply,
  type MoveReport,
  type PlatformMigrationInput,
  type PlatformMigrationSpec,
} from '../contracts/platform-migration.js';
import { AssayError } from '../core/errors/assay-error.js';
import {
  platformMigrationWorkflowId,
  platformMigrationWorkflowType,
  taskQueues,
} from '../core/experiment/naming.js';
import { canonicalJson, type Json } from '../core/json/json.js';
import { findMove, listMoves, moveId, type MoveRecord } from '../store/moves/moves.js';
import { moveReport } from '../store/moves/report.js';
import { temporalUnreachable } from './temporal-failures.js';
import type { Transport } from './transport.js';
import { terminated, unsaidEnd } from './unsaid-end.js';
import { requireWorker } from './worker-presence.js';

export type { MoveReport, PlatformMigrationInput } from '../contracts/platform-migration.js';

/** A move as it is listed. */
export type ListedMove = Pick<
  MoveRecord,
  'name' | 'direction' | 'status' | 'createdAt' | 'updatedAt'
>;

export interface MoveOptions {
  /** Told about once a second while it goes on. */
  readonly onProgress?: (report: MoveReport) => void;
  /** Ends the waiting; the move goes on. */
  readonly signal?: AbortSignal;
}

/** Moves of what one platform holds to another. */
export interface PlatformMigrations {
  /**
   * Moves, durably: it goes on whatever becomes of the caller. The same request again waits for the same work; of one that has ended
   * it finishes what was open and reads all back again.
   *
   * @throws AssayError SPEC_INVALID, MIGRATION_EXISTS where a move of this name asks for something else, PLATFORM_NOT_CONFIGURED,
   *   WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  run(input: PlatformMigrationInput, options?: MoveOptions): Promise<MoveReport>;
  /**
   * Ends a move before its end and waits until it has: what was written stays, and the same request goes on with it.
   *
   * @throws AssayError MIGRATION_NOT_FOUND, MIGRATION_ENDED where nothing is under way, TEMPORAL_UNREACHABLE
   */
  cancel(
    of: { readonly project: string; readonly name: string },
    options?: MoveOptions,
  ): Promise<MoveReport>;
  /** How a move stands, from its rows; of one that was terminated in Temporal those say nothing, so Temporal is asked. @throws AssayError MIGRATION_NOT_FOUND */
  report(of: { readonly project: string; readonly name: string }): Promise<MoveReport>;
  /** Newest first. */
  list(project: string): Promise<readonly ListedMove[]>;
}

interface MoveKey {
  readonly project: string;
  readonly name: string;
}

const notUnderWay = (name: string, cause?: unknown): AssayError =>
  new AssayError('MIGRATION_ENDED', `The move "${name}" is not under way.`, {
    mend: 'See how it ended with `assay migrate report`.',
    ...(cause === undefined ? {} : { cause }),
  });

const lookEveryMs = 1_000;
/** Temporal may be exchanged meanwhile. */
const mostSilenceMs = 60_000;

export function createPlatformMigrations(transport: Transport): PlatformMigrations {
  const find = async (project: string, name: string): Promise<MoveRecord | undefined> =>
    findMove(await transport.store(), moveId(project, name));
  const look = async ({ project, name }: MoveKey): Promise<MoveReport | undefined> => {
    const move = await find(project, name);
    return move === undefined ? undefined : moveReport(await transport.store(), move);
  };
  const ended = (key: MoveKey): ReturnType<typeof unsaidEnd> =>
    unsaidEnd(() => transport.temporal(), key);
  const report: PlatformMigrations['report'] = async (key) => {
    const { project, name } = key;
    const seen = await look(key);
    if (seen !== undefined) {
      const error = seen.status === 'running' ? await ended(key) : undefined;
      // It may have come to its end in between, and said so.
      return error === undefined ? seen : asEnded((await look(key)) ?? seen, error);
    }
    throw new AssayError('MIGRATION_NOT_FOUND', `There is no move "${name}" of ${project}.`, {
      mend: 'See `assay migrate list`.',
    });
  };
  return {
    async run(input, options = {}) {
      const spec = parseSpec(input);
      const known = await find(spec.project, spec.name);
      if (known !== undefined) refuseOther(known.spec, spec);
      const handle = await start(await transport.temporal(), spec);
      const reply = await follow(handle, {
        ...options,
        name: spec.name,
        look: async () => {
          const seen = await look(spec);
          return seen !== undefined && isNews(seen, known) ? seen : undefined;
        },
      });
      if ('error' in reply) throw AssayError.from(reply.error);
      return reply.report;
    },
    async cancel({ project, name }, options = {}) {
      await report({ project, name });
      const client = await transport.temporal();
      const handle = client.workflow.getHandle(platformMigrationWorkflowId(project, name));
      try {
        // Outside of it, a namespace that is not there would be taken for a move that is not.
        await requireWorker(client, taskQueues(project).orchestration);
        const { status } = await handle.describe();
        if (status.name !== 'RUNNING') throw notUnderWay(name);
        await handle.cancel();
        await follow(handle, { ...options, name, look: () => look({ project, name }) });
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) throw notUnderWay(name, error);
        throw AssayError.is(error) ? error : temporalUnreachable(error);
      }
      return report({ project, name });
    },
    report,
    async list(project) {
      const moves = await listMoves(await transport.store(), project);
      const running = moves.filter(({ status }) => status === 'running');
      const ends = await Promise.all(running.map(({ name }) => ended({ project, name })));
      const gone = new Set(running.flatMap(({ name }, at) => (ends[at] === undefined ? [] : name)));
      if (gone.size === 0) return moves;
      const now = await listMoves(await transport.store(), project);
      return now.map((move) =>
        move.status === 'running' && gone.has(move.name) ? { ...move, status: 'cancelled' } : move,
      );
    },
  };
}

/** A move whose row says for ever that it runs, since its workflow ended without a word. */
function asEnded({ waiting, ...seen }: MoveReport, error: AssayError): MoveReport {
  if (seen.status === 'running') return { ...seen, status: 'cancelled', error: error.toJSON() };
  return waiting === undefined ? seen : { ...seen, waiting };
}

/** Until its workflow has taken a move up again, the rows only tell of how it ended before. */
export const isNews = (
  seen: Pick<MoveReport, 'status' | 'updatedAt'>,
  known: Pick<MoveRecord, 'updatedAt'> | undefined,
): boolean => seen.status === 'running' || seen.updatedAt !== known?.updatedAt;

function parseSpec(input: PlatformMigrationInput): PlatformMigrationSpec {
  const parsed = platformMigrationSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AssayError('SPEC_INVALID', 'The move has problems.', {
    problems: schemaProblems(parsed.error, 'move'),
  });
}

/** What two requests must agree in to be one move. */
const meaning = ({ patienceMs: _, ...spec }: PlatformMigrationSpec): string => canonicalJson(spec);

function refuseOther(known: PlatformMigrationSpec, asked: PlatformMigrationSpec): void {
  if (meaning(known) === meaning(asked)) return;
  throw new AssayError(
    'MIGRATION_EXISTS',
    `The move "${asked.name}" was begun with other options.`,
    {
      problems: differences(known, asked),
      mend: 'Ask for the same to go on with it, or give another --name.',
    },
  );
}

/** The members in which two requests differ, and what the one that stands says. */
function differences(
  known: PlatformMigrationSpec,
  asked: PlatformMigrationSpec,
): readonly { readonly at: string; readonly message: string }[] {
  const [before, now] = [known, asked] as readonly Readonly<Record<string, Json | undefined>>[];
  const keys = new Set([...Object.keys(known), ...Object.keys(asked)]);
  keys.delete('patienceMs');
  const said = (value: Json | undefined): string =>
    value === undefined ? 'nothing' : canonicalJson(value);
  return [...keys]
    .filter((key) => said(before?.[key]) !== said(now?.[key]))
    .map((key) => ({
      at: key,
      message: `began with ${said(before?.[key])}, now ${said(now?.[key])}`,
    }));
}

async function start(client: Client, spec: PlatformMigrationSpec): Promise<WorkflowHandle> {
  const taskQueue = taskQueues(spec.project).orchestration;
  try {
    await requireWorker(client, taskQueue);
    return await client.workflow.start(platformMigrationWorkflowType, {
      workflowId: platformMigrationWorkflowId(spec.project, spec.name),
      taskQueue,
      args: [{ spec }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: spec.name === spec.direction ? spec.name : `${spec.direction}: ${spec.name}`,
    });
  } catch (error) {
    throw temporalUnreachable(error);
  }
}

async function follow(
  handle: WorkflowHandle,
  on: MoveOptions & {
    readonly name: string;
    readonly look: () => Promise<MoveReport | undefined>;
  },
): Promise<MoveReply> {
  const { name, signal, onProgress, look } = on;
  const aborts = signal === undefined ? {} : { signal };
  let heardAt = performance.now();
  for (;;) {
    const result = handle.result() as Promise<MoveReply>;
    result.catch(() => undefined);
    try {
      for (;;) {
        const reply = await Promise.race([result, wait(lookEveryMs, undefined, aborts)]);
        if (reply !== undefined) return reply;
        // A database that is away shows nothing for a while; the move waits for it as well.
        const seen = await look().catch(() => undefined);
        if (seen !== undefined) onProgress?.(seen);
        heardAt = performance.now();
      }
    } catch (error) {
      if (signal?.aborted === true) throw error;
      if (error instanceof WorkflowFailedError) {
        throw error.cause instanceof TerminatedFailure ? terminated(name) : error;
      }
      const known = temporalUnreachable(error);
      const away = AssayError.is(known) && known.code === 'TEMPORAL_UNREACHABLE';
      if (!away || performance.now() - heardAt > mostSilenceMs) throw known;
      await wait(1_000, undefined, aborts);
    }
  }
}
