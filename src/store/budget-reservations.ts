import { picoFromDollars, dollarsFromPico } from '../core/money/pico.js';
import { keyArrays, unnestKeys, type CallKey } from './journal/records.js';
import { countOf, rowsOf, throughCollisions, type Queryable } from './query.js';

/** Money that is held for one call. */
export interface Reservation {
  /** A UUID, new for each reservation: one that is sent again after a lost connection counts once. */
  readonly token: string;
  readonly experimentId: string;
  readonly key: CallKey;
  /** The claimant of the call, see the journal. */
  readonly owner: string;
  readonly amountPico: bigint;
}

// What of the amounts, in their order, still fits under the cap. It is read from the row itself and not from the
// statement's snapshot, so that a statement that waited for another one sees what that one took.
const fitting = `(
  select coalesce(max(r.running), 0)
    from (select sum(t.amount) over (order by t.place) as running
            from unnest($2::numeric[]) with ordinality as t (amount, place)) r
   where b.committed + r.running <= b.cap)`;

const statement = `
with given as (
  update assay.experiment_budgets b
     set granted = ${fitting}, committed = b.committed + ${fitting}
   where b.experiment_id = $1
  returning b.granted
)
insert into assay.budget_reservations (token, experiment_id, cell_id, request_hash, occurrence, owner, amount)
select t.token, $1, t.cell_id, t.request_hash, t.occurrence, t.owner, t.amount
  from (select u.*, sum(u.amount) over (order by u.place) as running
          from unnest($3::uuid[], $4::bigint[], $5::text[], $6::int[], $7::text[], $2::numeric[]) with ordinality
                 as u (token, cell_id, request_hash, occurrence, owner, amount, place)) t
  join given on t.running <= given.granted
returning token`;

/**
 * Holds money for the first of the calls, as many as fit under the cap, in one statement: the others are left. What was
 * asked for before, by the same token, is granted again and counted once.
 *
 * @param asked of one experiment.
 * @returns the tokens that are granted; none where the experiment has no budget.
 */
export async function reserve(
  on: Queryable,
  experimentId: string,
  asked: readonly Reservation[],
): Promise<ReadonlySet<string>> {
  const granted = new Set<string>();
  for (let attempt = 1; ; attempt += 1) {
    const fresh = asked.filter(({ token }) => !granted.has(token));
    if (fresh.length === 0) return granted;
    try {
      for (const token of await insert(on, experimentId, fresh)) granted.add(token);
      // What an earlier, lost statement was granted finds no room for a second time, and has it all the same.
      const refused = fresh.filter(({ token }) => !granted.has(token));
      const earlier = refused.length === 0 ? [] : await known(on, refused);
      for (const token of earlier) granted.add(token);
      return granted;
    } catch (error) {
      if (!isDuplicate(error) || attempt === 5) throw error;
      // A lost connection left a statement behind that has committed: what it was granted is taken out, and it went back whole.
      for (const token of await known(on, fresh)) granted.add(token);
    }
  }
}

async function insert(
  on: Queryable,
  experimentId: string,
  asked: readonly Reservation[],
): Promise<readonly string[]> {
  const rows = await rowsOf<{ token: string }>(on, statement, [
    experimentId,
    asked.map(({ amountPico }) => dollarsFromPico(amountPico)),
    asked.map(({ token }) => token),
    ...keyArrays(asked.map(({ key }) => key)),
    asked.map(({ owner }) => owner),
  ]);
  return rows.map(({ token }) => token);
}

async function known(on: Queryable, asked: readonly Reservation[]): Promise<readonly string[]> {
  const rows = await rowsOf<{ token: string }>(
    on,
    'select token from assay.budget_reservations where token = any($1)',
    [asked.map(({ token }) => token)],
  );
  return rows.map(({ token }) => token);
}

const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505';

/** How a call ended. */
export interface Settlement {
  readonly token: string;
  /** What it cost; undefined where nobody knows: then what was reserved counts in full. */
  readonly costPico: bigint | undefined;
}

/** Puts what calls cost in place of what was held for them. Repeating it changes nothing. */
export async function settle(on: Queryable, settlements: readonly Settlement[]): Promise<void> {
  await throughCollisions(() =>
    countOf(
      on,
      `with gone as (
         delete from assay.budget_reservations r
          using unnest($1::uuid[], $2::numeric[]) as t (token, cost)
          where r.token = t.token
         returning r.experiment_id, coalesce(t.cost, r.amount) - r.amount as change
       )
       ${applyChanges}`,
      [
        settlements.map(({ token }) => token),
        settlements.map(({ costPico }) => decimalOrNull(costPico)),
      ],
    ),
  );
}

/** An answer that stands in the journal: what it cost, and whose call it was. */
export interface AnsweredCall {
  readonly key: CallKey;
  readonly owner: string;
  readonly costPico: bigint | undefined;
}

/**
 * Settles what a worker held for calls whose answers it committed before it died. What other workers held for the same
 * calls stays: whether theirs were paid for nobody knows.
 */
export async function settleAnswered(
  on: Queryable,
  answered: readonly AnsweredCall[],
): Promise<void> {
  await throughCollisions(() =>
    countOf(
      on,
      `with gone as (
         delete from assay.budget_reservations r
          using (select k.*, t.owner, t.cost
                   from ${unnestKeys(1)} with ordinality as k (cell_id, request_hash, occurrence, place)
                   join unnest($4::text[], $5::numeric[]) with ordinality as t (owner, cost, place)
                     using (place)) t
          where r.cell_id = t.cell_id and r.request_hash = t.request_hash
            and r.occurrence = t.occurrence and r.owner = t.owner
         returning r.experiment_id, coalesce(t.cost, r.amount) - r.amount as change
       )
       ${applyChanges}`,
      [
        ...keyArrays(answered.map(({ key }) => key)),
        answered.map(({ owner }) => owner),
        answered.map(({ costPico }) => decimalOrNull(costPico)),
      ],
    ),
  );
}

const applyChanges = `update assay.experiment_budgets b set committed = b.committed + d.change
  from (select experiment_id, sum(change) as change from gone group by experiment_id) d
 where b.experiment_id = d.experiment_id`;

const decimalOrNull = (pico: bigint | undefined): string | null =>
  pico === undefined ? null : dollarsFromPico(pico);

/** The most that a call may cost now, and once all that is under way costs nothing. */
export interface Room {
  readonly nowPico: bigint;
  readonly mostPico: bigint;
}

/** How much of a budget is left; undefined where the experiment has none. */
export async function roomOf(on: Queryable, experimentId: string): Promise<Room | undefined> {
  const [row] = await rowsOf<{ room: string; live: string }>(
    on,
    `select b.cap - b.committed as room, coalesce(sum(r.amount) filter (where o.owner is not null), 0) as live
       from assay.experiment_budgets b
       left join assay.budget_reservations r on r.experiment_id = b.experiment_id
       left join assay.journal_owners o
         on o.owner = r.owner and o.ended_at is null and o.lease_until > clock_timestamp()
      where b.experiment_id = $1
      group by b.experiment_id`,
    [experimentId],
  );
  if (row === undefined) return undefined;
  const nowPico = picoFromDollars(row.room);
  return { nowPico, mostPico: nowPico + picoFromDollars(row.live) };
}
