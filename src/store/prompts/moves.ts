import type { PromptMove } from '../../contracts/prompt-protocol.js';
import type { RecordedMove } from '../../core/prompts/label-moves.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

/** A move that is about to be made. */
export interface NewMove {
  /** Equal for repetitions of the same move. */
  readonly key: string;
  readonly project: string;
  readonly platform: string;
  readonly prompt: string;
  readonly label: string;
  readonly kind: PromptMove['kind'];
  readonly from: string | undefined;
  readonly to: string;
  readonly contentHash: string;
  readonly gate: string | undefined;
  readonly reason: string | undefined;
  readonly actor: string;
}

interface MoveRow {
  readonly id: string;
  readonly platform: string;
  readonly prompt: string;
  readonly label: string;
  readonly kind: PromptMove['kind'];
  readonly from_version: string | null;
  readonly to_version: string;
  readonly content_hash: string;
  readonly gate: string | null;
  readonly reason: string | null;
  readonly actor: string;
  readonly asked_at: string;
  readonly done_at: string | null;
}

const moveOfRow = (row: MoveRow): PromptMove => ({
  platform: row.platform,
  prompt: row.prompt,
  label: row.label,
  kind: row.kind,
  ...(row.from_version === null ? {} : { from: row.from_version }),
  to: row.to_version,
  contentHash: row.content_hash,
  ...(row.gate === null ? {} : { gate: row.gate }),
  ...(row.reason === null ? {} : { reason: row.reason }),
  actor: row.actor,
  askedAt: row.asked_at,
  ...(row.done_at === null ? {} : { doneAt: row.done_at }),
});

/**
 * Records a move before the platform is asked for it. The first record of a key stays: what the label stood on is known only
 * before the move.
 */
export async function recordMove(on: Queryable, move: NewMove): Promise<PromptMove> {
  await countOf(on, `insert into assay.projects (id) values ($1) on conflict do nothing`, [
    move.project,
  ]);
  const values = [
    move.key,
    move.project,
    move.platform,
    move.prompt,
    move.label,
    move.kind,
    move.from ?? null,
    move.to,
    move.contentHash,
    move.gate ?? null,
    move.reason ?? null,
    move.actor,
  ];
  await countOf(
    on,
    `insert into assay.prompt_moves
       (key, project, platform, prompt, label, kind, from_version, to_version, content_hash, gate, reason, actor)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (key) do nothing`,
    values,
  );
  const found = await findMove(on, move.key);
  if (found === undefined) throw new Error('The move that was just recorded is not there.');
  return found;
}

/** The move of a key, if it was recorded. */
export async function findMove(on: Queryable, key: string): Promise<PromptMove | undefined> {
  const [row] = await rowsOf<MoveRow>(on, 'select * from assay.prompt_moves where key = $1', [key]);
  return row === undefined ? undefined : moveOfRow(row);
}

/** The platform has done it. */
export async function finishMove(on: Queryable, key: string): Promise<void> {
  await countOf(
    on,
    'update assay.prompt_moves set done_at = coalesce(done_at, clock_timestamp()) where key = $1',
    [key],
  );
}

/** The moves of a label that were made, oldest first. */
export async function movesOfLabel(
  on: Queryable,
  of: {
    readonly project: string;
    readonly platform: string;
    readonly prompt: string;
    readonly label: string;
  },
): Promise<readonly RecordedMove[]> {
  const rows = await rowsOf<MoveRow>(
    on,
    `select * from assay.prompt_moves
      where project = $1 and platform = $2 and prompt = $3 and label = $4 and done_at is not null order by id`,
    [of.project, of.platform, of.prompt, of.label],
  );
  return rows.map(moveOfRow);
}

/** What was done to a prompt, the newest first; moves that nobody knows the end of among them. */
export async function promptHistory(
  on: Queryable,
  of: { readonly project: string; readonly prompt: string; readonly limit: number },
): Promise<readonly PromptMove[]> {
  const rows = await rowsOf<MoveRow>(
    on,
    'select * from assay.prompt_moves where project = $1 and prompt = $2 order by id desc limit $3',
    [of.project, of.prompt, Math.min(of.limit, 1_000)],
  );
  return rows.map(moveOfRow);
}
