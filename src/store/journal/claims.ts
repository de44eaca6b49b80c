import { rowsOf, throughCollisions, type Queryable } from '../query.js';
import { decodeAnswer, type AnswerRow } from './answers.js';
import { endLapsedOwners } from './owners.js';
import { callKeyText, keyArrays, unnestKeys, type CallKey, type StoredAnswer } from './records.js';

/** What came of one claim. */
export type ClaimResult =
  | { readonly state: 'won' }
  | { readonly state: 'answered'; readonly answer: StoredAnswer }
  /** Another owner holds it and lives, for at least so long. */
  | { readonly state: 'refused'; readonly retryAfterMs: number }
  /** The claimant's own lease is over: it must not start anything under this owner. */
  | { readonly state: 'lease_over' };

export interface CallClaim {
  readonly key: CallKey;
  /** `target`, `judge`, `embedding`, …: for people who read the table. */
  readonly purpose: string;
}

export interface ClaimRequest {
  readonly owner: string;
  readonly calls: readonly CallClaim[];
}

interface KeyRow {
  readonly cell_id: string;
  readonly request_hash: string;
  readonly occurrence: number;
}

interface ClaimRow extends KeyRow, AnswerRow {
  readonly state: 'claimed' | 'answered' | 'released';
  /** Whether the owner's lease lives. */
  readonly lives: boolean;
  readonly rest_ms: number;
}

const keyOf = (row: KeyRow): string =>
  callKeyText({
    cellId: row.cell_id,
    requestHash: row.request_hash,
    occurrence: row.occurrence,
  });

const keyColumns = 'cell_id, request_hash, occurrence';

const ownLeaseLives = `exists (
  select from assay.journal_owners me
   where me.owner = $1 and me.ended_at is null and me.lease_until > clock_timestamp())`;

/** The common case: nobody ever claimed these. Sorted, so that two batches never wait for each other crosswise. */
const insertClaims = async (on: Queryable, request: ClaimRequest): Promise<Set<string>> => {
  const rows = await rowsOf<KeyRow>(
    on,
    `insert into assay.call_journal (${keyColumns}, purpose, owner, state)
     select t.cell_id, t.request_hash, t.occurrence, t.purpose, $1, 'claimed'
       from unnest($2::bigint[], $3::text[], $4::int[], $5::text[]) as t (${keyColumns}, purpose)
      where ${ownLeaseLives}
      order by 1, 2, 3
     on conflict do nothing
     returning ${keyColumns}`,
    [
      request.owner,
      ...keyArrays(request.calls.map(({ key }) => key)),
      request.calls.map(({ purpose }) => purpose),
    ],
  );
  return new Set(rows.map(keyOf));
};

const readClaims = async (
  on: Queryable,
  keys: readonly CallKey[],
): Promise<ReadonlyMap<string, ClaimRow>> => {
  const rows = await rowsOf<ClaimRow>(
    on,
    `select j.cell_id, j.request_hash, j.occurrence, j.state, j.owner, j.status, j.headers, j.answer, j.usage,
            j.started_at, j.ended_at, j.first_token_ms,
            o.ended_at is null and o.lease_until > clock_timestamp() as lives,
            greatest(extract(epoch from o.lease_until - clock_timestamp()) * 1000, 0)::float8 as rest_ms
       from ${unnestKeys(1)} as t (${keyColumns})
       join assay.call_journal j using (${keyColumns})
       join assay.journal_owners o on o.owner = j.owner`,
    keyArrays(keys),
  );
  return new Map(rows.map((row) => [keyOf(row), row]));
};

/** Takes what is free: released, claimed by an owner that has ended, or claimed by the claimant itself before. */
const takeFree = async (
  on: Queryable,
  owner: string,
  keys: readonly CallKey[],
): Promise<ReadonlySet<string>> => {
  const rows = await rowsOf<KeyRow>(
    on,
    `update assay.call_journal j
        set owner = $1, state = 'claimed', claims = j.claims + 1, claimed_at = clock_timestamp()
       from ${unnestKeys(2)} as t (${keyColumns})
      where j.cell_id = t.cell_id and j.request_hash = t.request_hash and j.occurrence = t.occurrence
        and (j.state = 'released'
             or j.state = 'claimed'
                and (j.owner = $1
                     or exists (select from assay.journal_owners o
                                 where o.owner = j.owner and o.ended_at is not null)))
        and ${ownLeaseLives}
      returning j.cell_id, j.request_hash, j.occurrence`,
    [owner, ...keyArrays(keys)],
  );
  return new Set(rows.map(keyOf));
};

const ownLease = async (on: Queryable, owner: string): Promise<boolean> => {
  const [row] = await rowsOf<{ lives: boolean }>(on, `select ${ownLeaseLives} as lives`, [owner]);
  return row?.lives === true;
};

const settle = async (row: ClaimRow | undefined, lives: boolean): Promise<ClaimResult> => {
  if (row?.state === 'answered') return { state: 'answered', answer: await decodeAnswer(row) };
  if (!lives) return { state: 'lease_over' };
  // Released or lapsed in this very moment: the next try decides.
  return { state: 'refused', retryAfterMs: Math.max(Math.ceil(row?.rest_ms ?? 0), 50) };
};

const claimRest = async (
  on: Queryable,
  owner: string,
  keys: readonly CallKey[],
): Promise<ReadonlyMap<string, ClaimResult>> => {
  const before = await readClaims(on, keys);
  const open = keys.filter((key) => before.get(callKeyText(key))?.state !== 'answered');
  const lapsed = [...before.values()]
    .filter((row) => row.state === 'claimed' && row.owner !== owner && !row.lives)
    .map((row) => row.owner);
  if (lapsed.length > 0) await endLapsedOwners(on, [...new Set(lapsed)]);
  const taken = open.length === 0 ? new Set<string>() : await takeFree(on, owner, open);
  const left = open.filter((key) => !taken.has(callKeyText(key)));
  const after = left.length === 0 ? before : new Map([...before, ...(await readClaims(on, left))]);
  const lives = left.length === 0 || (await ownLease(on, owner));
  const results = await Promise.all(
    keys.map(async (key): Promise<[string, ClaimResult]> => {
      const text = callKeyText(key);
      return [text, taken.has(text) ? { state: 'won' } : await settle(after.get(text), lives)];
    }),
  );
  return new Map(results);
};

/**
 * Claims calls before they are made, so that each is made once. A claim of an owner that lives is never taken
 * over; one of an owner whose lease is over by Postgres' clock is.
 *
 * @returns one result per call, in their order.
 */
export async function claimCalls(
  on: Queryable,
  request: ClaimRequest,
): Promise<readonly ClaimResult[]> {
  if (request.calls.length === 0) return [];
  const won = await insertClaims(on, request);
  const rest = request.calls.map(({ key }) => key).filter((key) => !won.has(callKeyText(key)));
  const settled =
    rest.length === 0
      ? new Map<string, ClaimResult>()
      : await throughCollisions(() => claimRest(on, request.owner, rest));
  return request.calls.map(({ key }) => settled.get(callKeyText(key)) ?? { state: 'won' });
}
