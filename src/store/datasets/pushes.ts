import { AssayError, type ErrorDocument } from '../../core/errors/assay-error.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

/** What a push does on a platform, in this order. */
export type PushPhase = 'listing' | 'writing' | 'archiving' | 'done' | 'failed';

/** A push of a dataset to one platform, as far as it has come. */
export interface PushRecord {
  readonly pushId: string;
  readonly platform: string;
  readonly project: string;
  readonly dataset: string;
  /** sha256 of the local files. */
  readonly stamp: string;
  /** In the local files. */
  readonly items: number;
  readonly archiveRemoved: boolean;
  readonly phase: PushPhase;
  readonly datasetId: string | undefined;
  readonly url: string | undefined;
  /** Items of the platform that are listed. */
  readonly listed: number;
  /** Local items, from the first, that stand there. */
  readonly cursor: number;
  /** A page was begun and may stand in part. */
  readonly begun: boolean;
  readonly unchanged: number;
  readonly added: number;
  readonly changed: number;
  /** On the platform, and not in the files. Known once all are written. */
  readonly removed: number;
  readonly archived: number;
  /** That were sent to the platform. */
  readonly requests: number;
  /** By the platform's clock: the last change of an item that is known. */
  readonly lastChange: string | undefined;
  readonly waiting: string | undefined;
  readonly error: ErrorDocument | undefined;
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
}

interface PushRow {
  readonly push_id: string;
  readonly platform: string;
  readonly project: string;
  readonly dataset: string;
  readonly stamp: string;
  readonly items: number;
  readonly archive_removed: boolean;
  readonly phase: PushPhase;
  readonly dataset_id: string | null;
  readonly url: string | null;
  readonly listed: number;
  readonly cursor: number;
  readonly begun: boolean;
  readonly unchanged: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly archived: number;
  readonly requests: number;
  readonly last_change: string | null;
  readonly waiting: string | null;
  readonly error: ErrorDocument | null;
  readonly started_at: string;
  readonly finished_at: string | null;
}

const columns = `push_id, platform, project, dataset, stamp, items, archive_removed, phase, dataset_id, url, listed, cursor,
  begun, unchanged, added, changed, removed, archived, requests, last_change, waiting, error, started_at, finished_at`;

const pushOfRow = (row: PushRow): PushRecord => ({
  pushId: row.push_id,
  platform: row.platform,
  project: row.project,
  dataset: row.dataset,
  stamp: row.stamp,
  items: row.items,
  archiveRemoved: row.archive_removed,
  phase: row.phase,
  datasetId: row.dataset_id ?? undefined,
  url: row.url ?? undefined,
  listed: row.listed,
  cursor: row.cursor,
  begun: row.begun,
  unchanged: row.unchanged,
  added: row.added,
  changed: row.changed,
  removed: row.removed,
  archived: row.archived,
  requests: row.requests,
  lastChange: row.last_change ?? undefined,
  waiting: row.waiting ?? undefined,
  error: row.error ?? undefined,
  startedAt: row.started_at,
  finishedAt: row.finished_at ?? undefined,
});

/** A push and one of its platforms. */
export interface PushKey {
  readonly pushId: string;
  readonly platform: string;
}

export type NewPush = PushKey &
  Pick<PushRecord, 'project' | 'dataset' | 'stamp' | 'items' | 'archiveRemoved'>;

/**
 * Records a push that begins; one that is there already goes on. What an earlier push of the dataset left behind is dropped, and one
 * that stands open is noted as ended: a dataset has one push at a time, and nobody else is left to say so of one whose workflow was
 * terminated.
 */
export async function beginPush(on: Queryable, push: NewPush): Promise<PushRecord> {
  const { pushId, platform, project, dataset } = push;
  await countOf(on, `insert into assay.projects (id) values ($1) on conflict do nothing`, [
    project,
  ]);
  await countOf(
    on,
    // What the last push archived there is no change that a listing shows.
    `insert into assay.dataset_pushes (push_id, platform, project, dataset, stamp, items, archive_removed, last_change)
     select $1, $2, $3, $4, $5, $6, $7, max(p.last_change) from assay.dataset_pushes p
      where p.project = $3 and p.dataset = $4 and p.platform = $2 and p.phase = 'done'
     on conflict do nothing`,
    [pushId, platform, project, dataset, push.stamp, push.items, push.archiveRemoved],
  );
  await endEarlier(on, push);
  const found = await findPush(on, push);
  if (found === undefined) throw new Error('a push that was just recorded is not there');
  return found;
}

/** Only those that began before it: an attempt of an earlier push that lives on must not end this one. */
async function endEarlier(
  on: Queryable,
  { pushId, platform, project, dataset }: NewPush,
): Promise<void> {
  const earlier = `p.project = $1 and p.dataset = $2 and p.push_id <> $3 and p.started_at <
    (select started_at from assay.dataset_pushes where push_id = $3 and platform = $4)`;
  const which = [project, dataset, pushId, platform];
  await countOf(
    on,
    `update assay.dataset_pushes p
        set phase = 'failed', error = $5, waiting = null, finished_at = clock_timestamp()
      where ${earlier} and p.phase not in ('done', 'failed')`,
    [...which, JSON.stringify(endedUnsaid(dataset).toJSON())],
  );
  await countOf(
    on,
    `delete from assay.dataset_push_items i using assay.dataset_pushes p
      where ${earlier} and i.push_id = p.push_id and i.platform = p.platform`,
    which,
  );
}

const endedUnsaid = (dataset: string): AssayError =>
  new AssayError(
    'DATASET_PUSH_CANCELLED',
    `The workflow of this push of "${dataset}" ended before it did: it was terminated in Temporal.`,
    { mend: 'What it wrote stands, and a later push went on.' },
  );

/** Where a push stands; undefined where it has not begun. */
export async function findPush(
  on: Queryable,
  { pushId, platform }: PushKey,
): Promise<PushRecord | undefined> {
  const [row] = await rowsOf<PushRow>(
    on,
    `select ${columns} from assay.dataset_pushes where push_id = $1 and platform = $2`,
    [pushId, platform],
  );
  return row === undefined ? undefined : pushOfRow(row);
}

/** All platforms of a push. */
export async function pushesOf(on: Queryable, pushId: string): Promise<readonly PushRecord[]> {
  const rows = await rowsOf<PushRow>(
    on,
    `select ${columns} from assay.dataset_pushes where push_id = $1 order by platform`,
    [pushId],
  );
  return rows.map(pushOfRow);
}

/** The pushes of a dataset that ended well, newest first. */
export async function lastPushes(
  on: Queryable,
  of: { readonly project: string; readonly dataset: string; readonly limit: number },
): Promise<readonly PushRecord[]> {
  const rows = await rowsOf<PushRow>(
    on,
    `select ${columns} from assay.dataset_pushes
      where project = $1 and dataset = $2 and phase = 'done'
      order by started_at desc, platform limit $3`,
    [of.project, of.dataset, of.limit],
  );
  return rows.map(pushOfRow);
}

/** What changes of a push; counts are added, all else is put. */
export interface PushStep {
  readonly phase?: PushPhase;
  readonly datasetId?: string;
  readonly url?: string;
  readonly begun?: boolean;
  readonly lastChange?: string;
  readonly waiting?: string | null;
  readonly error?: ErrorDocument;
  readonly add?: Readonly<
    Partial<
      Record<
        | 'listed'
        | 'cursor'
        | 'unchanged'
        | 'added'
        | 'changed'
        | 'removed'
        | 'archived'
        | 'requests',
        number
      >
    >
  >;
}

/**
 * Takes a step, if the push still stands where whoever takes it believes: an attempt that was given up and lives on must not
 * count twice.
 *
 * @returns the push as it stands now; undefined where somebody else took it on.
 */
export async function stepPush(
  on: Queryable,
  from: PushRecord,
  step: PushStep,
): Promise<PushRecord | undefined> {
  const { add = {} } = step;
  const [row] = await rowsOf<PushRow>(
    on,
    `update assay.dataset_pushes set
       phase = coalesce($5, phase), dataset_id = coalesce($6, dataset_id), url = coalesce($7, url),
       begun = coalesce($8, begun), last_change = greatest(last_change, $9),
       waiting = case when $10 then $11 else waiting end, error = coalesce($12, error),
       listed = listed + $13, cursor = cursor + $14, unchanged = unchanged + $15, added = added + $16,
       changed = changed + $17, removed = removed + $18, archived = archived + $19, requests = requests + $20,
       finished_at = case when $5 in ('done', 'failed') then clock_timestamp() else finished_at end
     where push_id = $1 and platform = $2 and phase = $3 and listed + cursor + archived = $4
     returning ${columns}`,
    [
      from.pushId,
      from.platform,
      from.phase,
      from.listed + from.cursor + from.archived,
      step.phase ?? null,
      step.datasetId ?? null,
      step.url ?? null,
      step.begun ?? null,
      step.lastChange ?? null,
      step.waiting !== undefined,
      step.waiting ?? null,
      step.error === undefined ? null : JSON.stringify(step.error),
      ...(
        [
          'listed',
          'cursor',
          'unchanged',
          'added',
          'changed',
          'removed',
          'archived',
          'requests',
        ] as const
      ).map((name) => add[name] ?? 0),
    ],
  );
  return row === undefined ? undefined : pushOfRow(row);
}
