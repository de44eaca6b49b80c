import { setTimeout as wait } from 'node:timers/promises';

import {
  isSameProcess,
  sendSignal,
  type ProcessIdentity,
} from '../../src/devstack/process-facts.js';
import type { Installation } from './installation.js';

/** How long the kernel may take to hand on what a process had written before its signal. */
const settleMs = 250;

/** Kills and freezes workers, and counts what each may cost. */
export interface Signals {
  /** @returns false where it had ended before. */
  kill(victim: ProcessIdentity, where?: string): Promise<boolean>;
  /** Resolves once it stands still, `thawed` once it goes on; undefined where it had ended before. */
  freeze(
    victim: ProcessIdentity,
    forMs: number,
    where?: string,
  ): Promise<{ readonly thawed: Promise<void> } | undefined>;
  isFrozen(victim: ProcessIdentity): boolean;
  /** Runs while no signal is sent and none is being read. */
  exclusive<Result>(run: () => Promise<Result>): Promise<Result>;
  /**
   * Over every kill -9 and SIGSTOP: the calls of the struck process that the model had received and Postgres had no answer
   * for, read just after the signal.
   */
  readonly inFlightBound: number;
  /** How many there were. */
  readonly sent: number;
}

export const createSignals = ({ diary, model, database }: Installation): Signals => {
  const frozen = new Set<number>();
  let bound = 0;
  let sent = 0;
  // Signals and their reading on one side, Postgres' outages on the other: a reading needs Postgres.
  let turn: Promise<unknown> = Promise.resolve();
  const exclusive = <Result>(run: () => Promise<Result>): Promise<Result> => {
    const mine = turn.then(run);
    turn = mine.catch(() => undefined);
    return mine;
  };
  /** The signal first, then the reading. Nobody else may call for the struck process before its lease of 10 s is over. */
  const strike = (
    name: 'SIGKILL' | 'SIGSTOP',
    victim: ProcessIdentity,
    where: string | undefined,
  ): Promise<boolean> =>
    exclusive(async () => {
      if (!isSameProcess(victim)) return false;
      sendSignal(victim.pid, name);
      sent += 1;
      await wait(settleMs);
      const received = await model.paidCalls();
      const unanswered = (await database.unanswered()).get(victim.pid) ?? new Set<string>();
      const inFlight = [...unanswered].filter((call) => received.has(call)).length;
      bound += inFlight;
      const place = where === undefined ? '' : ` ${where}`;
      diary.note(`${name} to worker ${victim.pid}${place}: ${inFlight} calls in flight`);
      return true;
    });

  return {
    exclusive,
    kill: (victim, where) => strike('SIGKILL', victim, where),
    async freeze(victim, forMs, where) {
      frozen.add(victim.pid);
      if (!(await strike('SIGSTOP', victim, where))) {
        frozen.delete(victim.pid);
        return undefined;
      }
      const thaw = async (): Promise<void> => {
        await wait(forMs);
        if (isSameProcess(victim)) sendSignal(victim.pid, 'SIGCONT');
        frozen.delete(victim.pid);
        diary.note(`SIGCONT to worker ${victim.pid} after ${forMs} ms`);
      };
      return { thawed: thaw() };
    },
    isFrozen: ({ pid }) => frozen.has(pid),
    get inFlightBound() {
      return bound;
    },
    get sent() {
      return sent;
    },
  };
};
