import { setTimeout as wait } from 'node:timers/promises';

import type { PlatformName } from '../../src/contracts/backend.js';
import { createRandom } from '../../src/devstack/model/random.js';
import type { ProcessIdentity } from '../../src/devstack/process-facts.js';
import type { Place } from './ambush.js';
import type { Fleet } from './fleet.js';
import type { Installation } from './installation.js';
import { processBehind } from './peer.js';
import type { Strike } from './schedule.js';
import type { Signals } from './signals.js';

/** Does what the schedule says. */
export interface Striker {
  /** Begins a strike; it may last, and others begin meanwhile. */
  begin(strike: Strike): void;
  /** Resolves when every strike is over: all that was frozen goes on, all that was stopped serves. */
  over(): Promise<void>;
}

interface Parts {
  readonly on: Installation;
  readonly fleet: Fleet;
  readonly signals: Signals;
  readonly seed: number;
  /** Takes one platform away until the other has all that is due; only a run on both is ever asked. */
  readonly away: (platform: PlatformName) => Promise<void>;
}

export const createStriker = (parts: Parts): Striker => {
  const { on, fleet, signals } = parts;
  const random = createRandom(parts.seed + 7_919);
  const running = new Set<Promise<unknown>>();
  const failures: unknown[] = [];
  const track = (work: Promise<unknown>): void => {
    running.add(work);
    void work.catch((error: unknown) => failures.push(error)).finally(() => running.delete(work));
  };
  let deployed = 0;

  const awake = async (): Promise<readonly ProcessIdentity[]> => {
    for (;;) {
      const found = fleet.processes().filter((each) => !signals.isFrozen(each));
      if (found.length > 0) return found;
      await wait(100);
    }
  };
  const anyone = async (): Promise<ProcessIdentity> => {
    const found = await awake();
    return found[Math.floor(random() * found.length)] ?? anyone();
  };
  const busiest = async (): Promise<ProcessIdentity> => {
    const [found, calls] = [await awake(), await on.database.unanswered()];
    const load = ({ pid }: ProcessIdentity): number => calls.get(pid)?.size ?? 0;
    return [...found].sort((one, other) => load(other) - load(one))[0] ?? anyone();
  };
  const freeze = async (
    victim: ProcessIdentity,
    forMs: number,
    where?: string,
  ): Promise<boolean> => {
    const frozen = await signals.freeze(victim, forMs, where);
    if (frozen === undefined) return false;
    track(frozen.thawed);
    return true;
  };
  /** A victim can end by itself while Postgres is waited for: another one is taken then. */
  const insist = async (deed: () => Promise<boolean>): Promise<void> => {
    while (!(await deed())) await wait(100);
  };

  /** Waits at a place for one of ours. */
  const lay = (place: Place, deed: (victim: ProcessIdentity) => Promise<boolean>): void =>
    on.ambushes.lay({
      place,
      strike: async (port) => {
        const ours = fleet.processes().filter((each) => !signals.isFrozen(each));
        const pid = processBehind(
          port,
          ours.map((each) => each.pid),
        );
        const victim = ours.find((each) => each.pid === pid);
        if (victim === undefined) return false;
        const struck = deed(victim);
        track(struck);
        return struck;
      },
    });

  return {
    begin: (strike) => {
      switch (strike.kind) {
        case 'kill at': {
          lay(strike.place, (victim) => signals.kill(victim, strike.place.name));
          return;
        }
        case 'freeze at': {
          lay(strike.place, (victim) => freeze(victim, strike.forMs, strike.place.name));
          return;
        }
        case 'kill worker': {
          track(insist(async () => signals.kill(await signals.exclusive(busiest))));
          return;
        }
        case 'freeze worker': {
          track(insist(async () => freeze(await anyone(), strike.forMs)));
          return;
        }
        case 'deploy': {
          track(deploy(on, fleet, deployed++));
          return;
        }
        case 'away': {
          track(parts.away(strike.platform));
          return;
        }
        default: {
          track(disturb(on, signals, strike));
          return;
        }
      }
    },
    over: async () => {
      while (running.size > 0) await Promise.allSettled([...running]);
      if (failures.length > 0) throw new AggregateError(failures, 'Strikes failed.');
    },
  };
};

const deploy = async ({ diary }: Installation, fleet: Fleet, index: number): Promise<void> => {
  diary.note('a deploy begins');
  await fleet.deploy(index);
  diary.note('a deploy is done');
};

type Disturbance = Extract<
  Strike,
  { readonly kind: `${string}${'Temporal' | 'Postgres' | 'down' | '429s' | 'refuses'}` }
>;

/** What is done to the services. */
const disturb = async (on: Installation, signals: Signals, strike: Disturbance): Promise<void> => {
  const { diary, platform, model, stack } = on;
  switch (strike.kind) {
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
      return signals.exclusive(async () => {
        diary.note(`Postgres is killed, for ${strike.forMs} ms`);
        const postgres = stack.service('postgres');
        await postgres.kill({ restart: false });
        await wait(strike.forMs);
        await postgres.start();
        diary.note('Postgres serves again');
      });
    case 'platform down':
      diary.note(`the platform is down for ${strike.forMs} ms`);
      await platform.admin('POST', '/dev/faults', { kind: 'down', seconds: strike.forMs / 1_000 });
      return wait(strike.forMs);
    case 'LangSmith down': {
      diary.note(`LangSmith is down for ${strike.forMs} ms`);
      const back = on.faults.langsmith.goDown();
      await wait(strike.forMs);
      back();
      return;
    }
    case 'LangSmith refuses':
      diary.note(`LangSmith refuses ${strike.requests} requests with ${strike.status}`);
      on.faults.langsmith.refuse(strike.status, strike.requests);
      return;
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
      })) as { readonly faults: readonly { readonly id: string }[] };
      await wait(strike.forMs);
      for (const { id } of faults) await model.admin('DELETE', `/admin/faults/${id}`);
    }
  }
};
