import { AssayError } from '../core/errors/assay-error.js';
import { dollarsFromPico, picoFromDollars } from '../core/money/pico.js';
import { countOf, rowsOf, type Queryable } from './query.js';

/** What a run may cost, and where it stands. In dollars, for people and for payloads of Temporal. */
export interface Budget {
  readonly budgetUsd: number;
  /** Paid for, and what was reserved for calls of workers that died: whether those were paid for nobody knows. */
  readonly spentUsd: number;
  /** Held for calls that are under way. */
  readonly reservedUsd: number;
}

/** Gives a run its budget; one that has it keeps what it has. */
export async function openBudget(on: Queryable, experimentId: string, usd: number): Promise<void> {
  await countOf(
    on,
    `insert into assay.experiment_budgets (experiment_id, cap) values ($1, $2) on conflict do nothing`,
    [experimentId, decimalOf(usd)],
  );
}

/** The budget of a run; undefined where it has none. */
export async function budgetOf(on: Queryable, experimentId: string): Promise<Budget | undefined> {
  const [row] = await rowsOf<BudgetRow>(
    on,
    // One statement, one snapshot: a call that is settled between two would be missing from the sum.
    `select b.cap, b.committed, coalesce(live.amount, 0) as live
       from assay.experiment_budgets b
       left join lateral (
         select sum(r.amount) as amount
           from assay.budget_reservations r
           join assay.journal_owners o on o.owner = r.owner
          where r.experiment_id = b.experiment_id
            and o.ended_at is null and o.lease_until > clock_timestamp()) live on true
      where b.experiment_id = $1`,
    [experimentId],
  );
  return row === undefined ? undefined : budgetOfRow(row);
}

interface BudgetRow {
  readonly cap: string;
  readonly committed: string;
  /** Reserved by workers that live. */
  readonly live: string;
}

function budgetOfRow({ cap, committed, live }: BudgetRow): Budget {
  const reserved = picoFromDollars(live);
  const dollars = (pico: bigint): number => Number(dollarsFromPico(pico));
  return {
    budgetUsd: Number(cap),
    spentUsd: dollars(picoFromDollars(committed) - reserved),
    reservedUsd: dollars(reserved),
  };
}

/**
 * Gives a run another budget, more or less than it had. One below what was spent stops it at its next call.
 *
 * @throws AssayError BUDGET_NOT_SET where the run was started without one: its calls were not counted, and the prices of
 *   its models not looked at. EXPERIMENT_NOT_FOUND.
 */
export async function setBudget(on: Queryable, experimentId: string, usd: number): Promise<Budget> {
  const [found] = await rowsOf<{ budgeted: boolean }>(
    on,
    `select spec->>'budgetUsd' is not null as budgeted from assay.experiments where id = $1`,
    [experimentId],
  );
  if (found === undefined) {
    throw new AssayError('EXPERIMENT_NOT_FOUND', `There is no experiment "${experimentId}".`);
  }
  if (!found.budgeted) {
    throw new AssayError('BUDGET_NOT_SET', `"${experimentId}" was started without a budget.`, {
      mend: 'Only a run that was started with --budget has one that can be changed.',
    });
  }
  // A raise can come before the plan, which gives the run its first budget.
  await countOf(
    on,
    `insert into assay.experiment_budgets (experiment_id, cap) values ($1, $2)
     on conflict (experiment_id) do update set cap = excluded.cap`,
    [experimentId, decimalOf(usd)],
  );
  const budget = await budgetOf(on, experimentId);
  if (budget === undefined) throw new AssayError('INTERNAL', 'The budget that was set is gone.');
  return budget;
}

const decimalOf = (usd: number): string => dollarsFromPico(picoFromDollars(usd));
