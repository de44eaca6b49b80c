import { randomUUID } from 'node:crypto';

import { AssayError } from '../core/errors/assay-error.js';
import { formatPico, picoFromDollars } from '../core/money/pico.js';
import { budgetOf } from '../store/budget.js';
import {
  reserve,
  roomOf,
  settle,
  settleAnswered,
  type AnsweredCall,
  type Reservation,
  type Settlement,
} from '../store/budget-reservations.js';
import { createBatcher } from '../store/journal/batcher.js';
import type { CallKey } from '../store/journal/records.js';
import { isTrouble, pause, whileAway } from '../store/journal/persist.js';
import type { Store } from '../store/store.js';

/** Holds money for calls before they are made (durability 14). Used only for runs that have a budget. */
export interface BudgetGate {
  /**
   * Holds money for one request. Where only calls under way stand in its way it waits for them to end.
   *
   * @throws AssayError BUDGET_EXHAUSTED where it would not fit even if they cost nothing; POSTGRES_UNREACHABLE; the
   *   signal's reason.
   */
  hold(wanted: Wanted, signal: AbortSignal): Promise<HeldMoney>;
  /** An answer came from the journal: what its owner may still hold for it is settled, and nothing new is paid. */
  replayed(answered: AnsweredCall): Promise<void>;
  close(): Promise<void>;
}

export interface Wanted {
  readonly experimentId: string;
  readonly key: CallKey;
  /** The claimant of the call. */
  readonly owner: string;
  /** The most that it can cost. */
  readonly amountPico: bigint;
}

/** Money that is held for one request. */
export interface HeldMoney {
  /** @param costPico what it cost; undefined where nobody knows, which counts in full. */
  settle(costPico: bigint | undefined): Promise<void>;
}

interface Waiting {
  readonly reservation: Reservation;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How often a call that waits for others looks again: those of other workers tell nobody here that they ended. */
const lookEveryMs = 250;
const mostAtOnce = 100;
/** How long calls wait while Postgres is away, as claims do. */
const patienceMs = 30_000;

/** Makes the gate of this process. */
export function createBudgetGate(store: Store): BudgetGate {
  const on = store.budgets;
  const ending = new AbortController();
  const queues = new Map<string, Queue>();
  const queueOf = (experimentId: string): Queue => {
    const known = queues.get(experimentId);
    if (known !== undefined) return known;
    const made = createQueue(experimentId, { store, idle: () => queues.delete(experimentId) });
    queues.set(experimentId, made);
    return made;
  };
  const settlements = createBatcher<Settlement & { experimentId: string }, undefined>({
    delayMs: 2,
    maxBatch: mostAtOnce,
    flush: async (batch) => {
      await whileAway(() => settle(on, batch), ending.signal);
      for (const { experimentId } of batch) queues.get(experimentId)?.wake();
      return batch.map(() => undefined);
    },
  });
  const replays = createBatcher<AnsweredCall, undefined>({
    delayMs: 2,
    maxBatch: mostAtOnce,
    flush: async (batch) => {
      await whileAway(() => settleAnswered(on, batch), ending.signal);
      return batch.map(() => undefined);
    },
  });
  return {
    async hold(wanted, signal) {
      const { experimentId } = wanted;
      const reservation = { ...wanted, token: randomUUID() };
      const held: HeldMoney = {
        settle: (costPico) =>
          settlements.submit({ experimentId, token: reservation.token, costPico }),
      };
      try {
        await queueOf(experimentId).enter(reservation, signal);
      } catch (error) {
        // A statement whose answer was lost can have held it all the same. Nobody would ever settle it: as that of a call under
        // way it would be waited for without end, where the run is to pause.
        if (!isExhausted(error)) void held.settle(0n).catch(() => undefined);
        throw error;
      }
      if (signal.aborted) {
        // It came too late, and nothing was sent for it.
        await held.settle(0n);
        signal.throwIfAborted();
      }
      return held;
    },
    replayed: (answered) => replays.submit(answered),
    async close() {
      const timer = setTimeout(() => {
        ending.abort();
      }, 5_000);
      await Promise.all([settlements.idle(), replays.idle()]);
      clearTimeout(timer);
    },
  };
}

/** The calls of one run that wait for money, first come first served, so that a dear one is never overtaken for ever. */
interface Queue {
  enter(reservation: Reservation, signal: AbortSignal): Promise<void>;
  /** Money came back. */
  wake(): void;
}

function createQueue(
  experimentId: string,
  { store, idle }: { store: Store; idle: () => void },
): Queue {
  let waiting: Waiting[] = [];
  let running = false;
  let alarm: () => void = () => undefined;

  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      alarm = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const take = (gone: (each: Waiting) => boolean, end: (each: Waiting) => void): void => {
    const taken = waiting.filter(gone);
    waiting = waiting.filter((each) => !taken.includes(each));
    taken.forEach(end);
  };

  const serve = async (): Promise<'more' | 'wait'> => {
    take(
      ({ signal }) => signal.aborted,
      ({ signal, reject }) => reject(signal.reason),
    );
    const asked = waiting.slice(0, mostAtOnce).map(({ reservation }) => reservation);
    const granted = await reserve(store.budgets, experimentId, asked);
    take(
      ({ reservation }) => granted.has(reservation.token),
      ({ resolve }) => resolve(),
    );
    const first = asked.find(({ token }) => !granted.has(token));
    if (first === undefined) return 'more';
    const room = await roomOf(store.budgets, experimentId);
    if (room !== undefined && first.amountPico <= room.mostPico) return 'wait';
    // All at once that cannot fit: two thousand cells that waited would each ask four times, one after another.
    const refused = new Set(
      asked.filter(
        ({ token, amountPico }) =>
          !granted.has(token) && (room === undefined || amountPico > room.mostPico),
      ),
    );
    const amountPico = [...refused].reduce(
      (least, each) => (each.amountPico < least ? each.amountPico : least),
      first.amountPico,
    );
    const error = await exhausted(store, { experimentId, amountPico });
    take(
      ({ reservation }) => refused.has(reservation),
      ({ reject }) => reject(error),
    );
    return 'more';
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    let failingSince = performance.now();
    while (waiting.length > 0) {
      try {
        // Calls that were claimed together arrive together.
        if (waiting.length < mostAtOnce) await rest(1);
        const next = await serve();
        failures = 0;
        if (next === 'wait') await rest(lookEveryMs);
      } catch (error) {
        if (failures === 0) failingSince = performance.now();
        failures += 1;
        if (isTrouble(error) && performance.now() - failingSince < patienceMs) {
          await pause(failures);
        } else {
          take(
            () => true,
            ({ reject }) => reject(error),
          );
        }
      }
    }
    running = false;
    idle();
  };

  return {
    wake: () => alarm(),
    enter: (reservation, signal) =>
      new Promise<void>((resolve, reject) => {
        signal.throwIfAborted();
        // Looked at before the next statement; one that is granted at this very moment is given back by `hold`.
        const leave = (): void => alarm();
        const end = (settled: () => void): void => {
          signal.removeEventListener('abort', leave);
          settled();
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.push({
          reservation,
          signal,
          resolve: () => end(resolve),
          reject: (error) =>
            end(() => reject(error instanceof Error ? error : new Error('aborted'))),
        });
        if (running) return;
        running = true;
        void run();
      }),
  };
}

/** The budget holds no further call. */
export class BudgetExhausted extends AssayError {
  /** What must be held for the smallest of the calls that were refused, in pico-dollars. */
  readonly neededPico: bigint;

  constructor(message: string, neededPico: bigint) {
    super('BUDGET_EXHAUSTED', message, {
      mend: 'Raise the budget: the run goes on where it stopped.',
    });
    this.neededPico = neededPico;
  }
}

const isExhausted = (error: unknown): boolean =>
  AssayError.is(error) && error.code === 'BUDGET_EXHAUSTED';

async function exhausted(
  store: Store,
  of: { experimentId: string; amountPico: bigint },
): Promise<BudgetExhausted> {
  const budget = await budgetOf(store.budgets, of.experimentId);
  const spent = formatPico(picoFromDollars(budget?.spentUsd ?? 0));
  const cap = formatPico(picoFromDollars(budget?.budgetUsd ?? 0));
  return new BudgetExhausted(
    `${spent} of ${cap} are spent, and the next call may cost ${formatPico(of.amountPico)}.`,
    of.amountPico,
  );
}
