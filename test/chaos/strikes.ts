import { setTimeout as wait } from 'node:timers/promises';

import {
  isSameProcess,
  sendSignal,
  type ProcessIdentity,
} from '../../src/devstack/process-facts.js';
import { createRandom } from '../../src/devstack/model/random.js';
import type { Fleet } from './fleet.js';
import type { Installation } from './installation.js';
import type { Strike } from './schedule.js';

/** Does what the schedule says, and counts what it may cost. */
export interface Striker {
  /** Begins a strike; it may last, and others begin meanwhile. */
  begin(strike: Strike): void;
  /** Resolves when every strike is over: all that was frozen goes on, all that was stopped serves. */
  over(): Promise<void>;
  /**
   * Over every kill -9 and SIGSTOP: the calls of the struck process that the model had received and Postgres had no answer
   * for, read just after the signal.
   */
  readonly inFlightBound: number;
}

/** How long the kernel may take to hand on what a process had written before its signal. */
const settleMs = 250;

export const createStriker = (
  on: Installation,
  options: { readonly fleet: Fleet; readonly seed: number },
): Striker => {
  const { diary, model, platform, database, stack } = on;
  const { fleet } = options;
  const random = createRandom(options.seed + 7_919);
  const running: Promise<void>[] = [];
  const frozen = new Set<number>();
  let bound = 0;
  let deployed = 0;

  // Signals and their reading on one side, Postgres' outages on the other: a reading needs Postgres.
  let turn: Promise<unknown> = Promise.resolve();
  const exclusive = <Result>(run: () => Promise<Result>): Promise<Result> => {
    const mine = turn.then(run);
    turn = mine.catch(() => undefined);
    return mine;
  };

  const pick = async (): Promise<ProcessIdentity> => {
    for (;;) {
      const awake = fleet.processes().filter(({ pid }) => !frozen.has(pid));
      const victim = awake[Math.floor(random() * awake.length)];
      if (victim !== undefined) return victim;
      await wait(100);
    }
  };
  const pickPublisher = async (): Promise<ProcessIdentity> => {
    for (;;) {
      const holder = await database.publisher().catch(() => undefined);
      const victim = fleet.processes().find(({ pid }) => pid === holder && !frozen.has(pid));
      if (victim !== undefined) return victim;
      await wait(100);
    }
  };

  /** The signal first, then the reading. Nobody else may call for the struck process before its lease of 10 s is over. */
  const signal = (name: 'SIGKILL' | 'SIGSTOP', victim: ProcessIdentity): Promise<void> =>
    exclusive(async () => {
      if (!isSameProcess(victim)) return;
      sendSignal(victim.pid, name);
      await wait(settleMs);
      const received = await model.paidCalls();
      const unanswered = await database.unanswered(victim.pid);
      const inFlight = [...unanswered].filter((call) => received.has(call)).length;
      bound += inFlight;
      diary.note(`${name} to worker ${victim.pid}: ${inFlight} calls in flight`);
    });

  const freeze = async (victim: ProcessIdentity, forMs: number): Promise<void> => {
    frozen.add(victim.pid);
    await signal('SIGSTOP', victim);
    await wait(forMs);
    if (isSameProcess(victim)) sendSignal(victim.pid, 'SIGCONT');
    frozen.delete(victim.pid);
    diary.note(`SIGCONT to worker ${victim.pid} after ${forMs} ms`);
  };

  const act = async (strike: Strike): Promise<void> => {
    switch (strike.kind) {
      case 'kill worker':
        return signal('SIGKILL', await pick());
      case 'freeze worker':
        return freeze(await pick(), strike.forMs);
      case 'freeze publisher':
        return freeze(await pickPublisher(), strike.forMs);
      case 'deploy':
        diary.note('a deploy begins');
        await fleet.deploy(deployed++);
        diary.note('a deploy is done');
        return;
      case 'stop Temporal': {
        diary.note(`Temporal is stopped for ${strike.forMs} ms`);
        const temporal = stack.service('temporal');
        await temporal.stop();
        await wait(strike.forMs);
        await temporal.start();
        diary.note('Temporal serves again');
        return;
      }
      case 'kill Postgres':
        return exclusive(async () => {
          diary.note(`Postgres is killed, for ${strike.forMs} ms`);
          const postgres = stack.service('postgres');
          await postgres.kill({ restart: false });
          await wait(strike.forMs);
          await postgres.start();
          diary.note('Postgres serves again');
        });
      case 'platform down':
        diary.note(`the platform is down for ${strike.forMs} ms`);
        await platform.admin('POST', '/dev/faults', {
          kind: 'down',
          seconds: strike.forMs / 1_000,
        });
        return wait(strike.forMs);
      case 'platform 429s':
        diary.note(`the platform refuses ${strike.requests} requests with 429`);
        await platform.admin('POST', '/dev/faults', {
          kind: 'rate_limit',
          next: strike.requests,
          retryAfterSeconds: 1,
          pathPrefix: '/api/',
        });
        return;
      case 'model 429s': {
        diary.note(`the model refuses with 429 for ${strike.forMs} ms`);
        const { faults } = (await model.admin('POST', '/admin/faults', {
          kind: 'status',
          status: 429,
          retryAfter: 1,
        })) as { faults: { id: string }[] };
        await wait(strike.forMs);
        for (const { id } of faults) await model.admin('DELETE', `/admin/faults/${id}`);
      }
    }
  };

  return {
    begin: (strike) => {
      const mine = act(strike);
      // Looked at in `over`; until then a failure must not end the process.
      mine.catch(() => undefined);
      running.push(mine);
    },
    over: async () => {
      await Promise.all(running);
    },
    get inFlightBound() {
      return bound;
    },
  };
};
