import { setTimeout as wait } from 'node:timers/promises';

/** Workers that `assay dev` replaces after an edit of the config. */
export interface Replaceable {
  stop(): Promise<void>;
}

export interface ReloadMeans {
  /** Starts workers with the code of now; rejects where they cannot start. */
  readonly start: (signal: AbortSignal) => Promise<Replaceable>;
  /** Runs whose cells still need the code that they were planned with. */
  readonly underWay: () => Promise<readonly string[]>;
  readonly note: (line: string) => void;
  readonly lookEveryMs?: number;
}

export interface Reload {
  /** The code of the config is another one. */
  changed(): void;
  /** Stops what runs, and what still finishes its cells. */
  stop(): Promise<void>;
}

/**
 * Replaces workers after an edit: new ones first, then the old ones finish their cells and end. A config that cannot be loaded
 * leaves the old ones running, and so does a run that is under way: other code would leave its cells waiting.
 */
export function createReload(first: Replaceable, means: ReloadMeans): Reload {
  const { note, start, underWay, lookEveryMs = 1_000 } = means;
  const ending = new AbortController();
  const isEnding = (): boolean => ending.signal.aborted;
  const leaving = new Set<Promise<void>>();
  let current = first;
  let wanted = 0;
  let replacing: Promise<void> | undefined;

  const free = async (): Promise<boolean> => {
    for (let told = false; !isEnding(); told = true) {
      // A database that does not answer now does soon; until then the old workers are as good as new ones.
      const names = await underWay().catch(() => ['?']);
      if (names.length === 0) return true;
      if (!told) {
        note(
          `The config was edited. The workers take it up once ${names.join(', ')} ended; until then they run the code of before.`,
        );
      }
      await wait(lookEveryMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    return false;
  };

  const replace = async (): Promise<void> => {
    for (let done = 0; done !== wanted && !isEnding();) {
      if (!(await free())) return;
      done = wanted;
      note('The config was edited: the workers start again …');
      try {
        const next = await start(ending.signal);
        const gone = current
          .stop()
          .catch(() => undefined)
          .finally(() => leaving.delete(gone));
        leaving.add(gone);
        current = next;
        note('The workers run the edited config.');
      } catch (error) {
        if (isEnding()) return;
        const why = error instanceof Error ? error.message : String(error);
        note(`The workers keep the code of before: ${why} (\`assay config check\` says all.)`);
      }
    }
  };

  return {
    changed() {
      wanted += 1;
      replacing ??= replace().finally(() => (replacing = undefined));
    },
    async stop() {
      ending.abort(new Error('stopping'));
      await replacing;
      await Promise.all([current.stop(), ...leaving]);
    },
  };
}
