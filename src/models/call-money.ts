import { AssayError } from '../core/errors/assay-error.js';
import type { ErrorCode } from '../core/errors/catalogue.js';
import type { FailureType } from '../core/retry/classify.js';
import type { ClaimedCall } from '../store/journal/journal.js';
import type { BudgetGate, HeldMoney } from './budget-gate.js';
import type { PaidCall } from './paid-call.js';

/** What one call of a run with a budget can cost, and what it cost. */
export interface CallMoney {
  /** The most that it can cost, in pico-dollars. */
  readonly mostPico: bigint;
  /** What an answer cost; undefined where it does not say. */
  costOf(answer: { readonly body: Buffer; readonly startedAt: string }): bigint | undefined;
  /** Whether an error of the server can have been paid for as well: an HTTP target may have called a model before. */
  readonly errorsCost: boolean;
}

/** The money of one call while it is made: held before each request, and settled when its fate is known. */
export interface MoneyInHand {
  /** Holds the money where none is held. @throws AssayError BUDGET_EXHAUSTED, POSTGRES_UNREACHABLE */
  hold(signal: AbortSignal): Promise<void>;
  /** A request failed: where it may have been paid for all the same, its money is spent and the next one needs its own. */
  failed(failure: {
    readonly type: FailureType;
    readonly status: number | undefined;
  }): Promise<void>;
  /** The request threw: it was aborted, or its answer is no answer. */
  interrupted(error: unknown): Promise<void>;
  answered(answer: { readonly body: Buffer; readonly startedAt: string }): Promise<void>;
  /** No answer will come, and what is held was not paid. */
  giveBack(): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();
const free: MoneyInHand = {
  hold: nothing,
  failed: nothing,
  interrupted: nothing,
  answered: nothing,
  giveBack: nothing,
};

// Nobody was there to be paid.
const neverSent: ReadonlySet<FailureType> = new Set<FailureType>([
  'connection_refused',
  'host_unreachable',
  'name_not_resolved',
  'tls_failed',
]);

// Thrown before anything leaves.
const notLeft: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ADDRESS_FORBIDDEN',
  'ENVIRONMENT_INVALID',
]);

/** The money of a call; of one whose run has no budget it does nothing. The call's clock stands still meanwhile. */
export function heldMoney(
  call: Pick<PaidCall, 'money' | 'hold' | 'identity'>,
  of: { readonly budgets: BudgetGate | undefined; readonly claimed: ClaimedCall },
): MoneyInHand {
  const { money } = call;
  if (money === undefined) return free;
  const { budgets, claimed } = of;
  if (budgets === undefined) throw new AssayError('INTERNAL', 'Nobody keeps budgets here.');
  const { key, owner } = claimed;
  const wanted = { ...call.identity, key, owner, amountPico: money.mostPico };
  let held: HeldMoney | undefined;
  const settle = async (costPico: bigint | undefined): Promise<void> => {
    const settled = held;
    held = undefined;
    await settled?.settle(costPico);
  };
  const still =
    <Given extends readonly unknown[]>(work: (...given: Given) => Promise<void>) =>
    async (...given: Given): Promise<void> => {
      const resume = call.hold?.();
      try {
        await work(...given);
      } finally {
        resume?.();
      }
    };
  return {
    hold: still(async (signal) => {
      held ??= await budgets.hold(wanted, signal);
    }),
    failed: still(async ({ type, status }) => {
      const paid = status === undefined ? !neverSent.has(type) : money.errorsCost && status >= 500;
      if (paid) await settle(undefined);
    }),
    interrupted: still(async (error) => {
      if (!AssayError.is(error) || !notLeft.has(error.code)) await settle(undefined);
    }),
    answered: still((answer) => settle(money.costOf(answer))),
    giveBack: still(() => settle(0n)),
  };
}
