import { stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

import { configCode, type ConfigCode } from './load-config.js';

/** How often the files are looked at. */
const lookEveryMs = 500;

export interface ConfigWatch {
  /** Resolves when the files were looked at for the first time: what is saved from then on is told. */
  readonly begun: Promise<void>;
  /** Resolves when nothing is looked at any more. */
  stop(): Promise<void>;
}

/**
 * Looks at the modules of a config, and tells once its code is another one. Comments and formats do not count: what decides is
 * the identity that runs are compared by. The files are looked at by their times, since events of file systems are lost on some
 * (containers, network folders), and a config has few modules.
 */
export function watchConfig(
  folder: string,
  on: {
    /** The code is another one than it was when this was told last, or when the watch began. */
    readonly onChange: (codeHash: string) => void;
    /** The files cannot be built; told once until they can. */
    readonly onBroken: (error: unknown) => void;
    readonly everyMs?: number;
  },
): ConfigWatch {
  const stopped = new AbortController();
  const { signal } = stopped;
  const isOver = (): boolean => signal.aborted;
  let seen = (): void => undefined;
  const begun = new Promise<void>((resolve) => (seen = resolve));
  const look = async (): Promise<void> => {
    let known: ConfigCode | undefined;
    let stamps = '';
    let last = '';
    let broken = false;
    while (!isOver()) {
      const now = known === undefined ? '' : await stampsOf(known.files);
      // Files are seen half written, and several are saved one after another: only what stands still is built.
      const still = now === last;
      last = now;
      // One that is broken can be mended by a file that is not among those that are known.
      if (known === undefined || (still && (broken || now !== stamps))) {
        try {
          const code = await configCode(folder);
          const changed = known !== undefined && known.codeHash !== code.codeHash;
          // Taken before the build: what is saved meanwhile is seen at the next look.
          stamps = sameFiles(known, code) ? now : await stampsOf(code.files);
          known = code;
          broken = false;
          if (changed && !isOver()) on.onChange(code.codeHash);
        } catch (error) {
          if (!broken && !isOver()) on.onBroken(error);
          broken = true;
        }
      }
      seen();
      await wait(on.everyMs ?? lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const looking = look();
  return {
    begun,
    async stop() {
      stopped.abort();
      await looking;
    },
  };
}

const sameFiles = (a: ConfigCode | undefined, b: ConfigCode): boolean =>
  a?.files.join('\n') === b.files.join('\n');

async function stampsOf(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
        () => 'gone',
      ),
    ),
  );
  return stamps.join('\n');
}
