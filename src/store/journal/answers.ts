import type { Usage } from '../../contracts/records.js';
import { compress, decompress } from '../compression.js';
import { countOf, rowsOf, throughCollisions, type Queryable } from '../query.js';
import {
  callKeyText,
  keyArrays,
  unnestKeys,
  type CallAnswer,
  type CallKey,
  type StoredAnswer,
} from './records.js';

export type { StoredAnswer } from './records.js';

/** The columns of an answer. */
export interface AnswerRow {
  readonly owner: string;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly answer: Buffer | null;
  readonly usage: Usage | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly first_token_ms: number | null;
}

/** The answer of a row whose state is `answered`. */
export async function decodeAnswer(row: AnswerRow): Promise<StoredAnswer> {
  return {
    owner: row.owner,
    status: row.status ?? 0,
    headers: row.headers ?? {},
    body: row.answer === null ? Buffer.alloc(0) : await decompress(row.answer),
    usage: row.usage ?? undefined,
    startedAt: row.started_at ?? '',
    endedAt: row.ended_at ?? '',
    firstTokenMs: row.first_token_ms ?? undefined,
  };
}

export interface AnswerToCommit {
  readonly key: CallKey;
  /** Whose call it was. */
  readonly owner: string;
  readonly answer: CallAnswer;
}

export interface CommittedAnswer {
  /** Whether this answer was the first of its call. */
  readonly first: boolean;
  /** The answer that counts: the first one. */
  readonly answer: StoredAnswer;
}

interface KeyRow {
  readonly cell_id: string;
  readonly request_hash: string;
  readonly occurrence: number;
}

const keyOf = (row: KeyRow): string =>
  callKeyText({ cellId: row.cell_id, requestHash: row.request_hash, occurrence: row.occurrence });

const writeFirsts = async (
  on: Queryable,
  answers: readonly AnswerToCommit[],
): Promise<ReadonlySet<string>> => {
  const bodies = await Promise.all(answers.map(({ answer }) => compress(answer.body)));
  const rows = await throughCollisions(() =>
    rowsOf<KeyRow>(
      on,
      `update assay.call_journal j
          set state = 'answered', owner = t.owner, answered_at = clock_timestamp(), status = t.status,
              headers = t.headers, answer = t.answer, usage = t.usage, started_at = t.started_at,
              ended_at = t.ended_at, first_token_ms = t.first_token_ms
         from unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::int[], $6::json[], $7::bytea[],
                     $8::json[], $9::timestamptz[], $10::timestamptz[], $11::float8[])
                as t (cell_id, request_hash, occurrence, owner, status, headers, answer, usage,
                      started_at, ended_at, first_token_ms)
        where j.cell_id = t.cell_id and j.request_hash = t.request_hash
          and j.occurrence = t.occurrence and j.state <> 'answered'
       returning j.cell_id, j.request_hash, j.occurrence`,
      [
        ...keyArrays(answers.map(({ key }) => key)),
        answers.map(({ owner }) => owner),
        answers.map(({ answer }) => answer.status),
        answers.map(({ answer }) => JSON.stringify(answer.headers)),
        bodies,
        answers.map(({ answer }) =>
          answer.usage === undefined ? null : JSON.stringify(answer.usage),
        ),
        answers.map(({ answer }) => answer.startedAt),
        answers.map(({ answer }) => answer.endedAt),
        answers.map(({ answer }) => answer.firstTokenMs ?? null),
      ],
    ),
  );
  return new Set(rows.map(keyOf));
};

const readAnswers = async (
  on: Queryable,
  keys: readonly CallKey[],
): Promise<ReadonlyMap<string, StoredAnswer>> => {
  const rows = await rowsOf<KeyRow & AnswerRow>(
    on,
    `select j.cell_id, j.request_hash, j.occurrence, j.owner, j.status, j.headers, j.answer, j.usage,
            j.started_at, j.ended_at, j.first_token_ms
       from ${unnestKeys(1)} as t (cell_id, request_hash, occurrence)
       join assay.call_journal j using (cell_id, request_hash, occurrence)
      where j.state = 'answered'`,
    keyArrays(keys),
  );
  return new Map(
    await Promise.all(
      rows.map(async (row): Promise<[string, StoredAnswer]> => [
        keyOf(row),
        await decodeAnswer(row),
      ]),
    ),
  );
};

/**
 * Keeps paid answers. The first one of a call wins, whoever holds the claim by now.
 *
 * @returns one result per answer, in their order. Use its `answer`: of a second one it is the first's. Where
 *   the row is gone with its experiment, the caller's own answer is returned as the first.
 */
export async function commitAnswers(
  on: Queryable,
  answers: readonly AnswerToCommit[],
): Promise<readonly CommittedAnswer[]> {
  if (answers.length === 0) return [];
  const firsts = await writeFirsts(on, answers);
  const rest = answers.map(({ key }) => key).filter((key) => !firsts.has(callKeyText(key)));
  const stored = rest.length === 0 ? new Map<string, StoredAnswer>() : await readAnswers(on, rest);
  return answers.map(({ key, owner, answer }) => {
    const earlier = stored.get(callKeyText(key));
    return earlier === undefined
      ? { first: true, answer: { ...answer, owner } }
      : // After a lost connection the same answer is sent twice, and the second finds the first.
        {
          first: earlier.owner === owner && earlier.startedAt === answer.startedAt,
          answer: earlier,
        };
  });
}

/** Gives claims back whose calls ended without an answer worth keeping. */
export async function releaseCalls(
  on: Queryable,
  release: { readonly owner: string; readonly keys: readonly CallKey[] },
): Promise<void> {
  await throughCollisions(() =>
    countOf(
      on,
      `update assay.call_journal j set state = 'released'
         from ${unnestKeys(2)} as t (cell_id, request_hash, occurrence)
        where j.cell_id = t.cell_id and j.request_hash = t.request_hash
          and j.occurrence = t.occurrence and j.state = 'claimed' and j.owner = $1`,
      [release.owner, ...keyArrays(release.keys)],
    ),
  );
}
