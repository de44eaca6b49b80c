import { appendFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { AssayError } from '../core/errors/assay-error.js';
import { SupervisedChild } from './child.js';
import type { ProcessIdentity } from './process-facts.js';

export interface NodeChildOptions {
  readonly name: string;
  /** The folder below `devstack/` whose `main.js` is started. */
  readonly folder: 'langfuse' | 'model';
  /** Handed over as JSON in the environment, never in argv, which every user of the machine can read. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly logFile: string;
  readonly log: (line: string) => void;
  readonly onProcess: (identity: ProcessIdentity | undefined) => void;
}

/** A supervised server of ours, and where it listens. */
export interface NodeChild {
  readonly child: SupervisedChild;
  /** Known once the child is ready. */
  readonly url: () => string;
}

/** Beside this file in a build; from the sources (tests), in the build that lies beside them. */
const entry = (folder: string): string => {
  const candidates = [`./${folder}/main.js`, `../../dist/devstack/${folder}/main.js`];
  const found = candidates
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new AssayError('CHILD_NOT_READY', `The ${folder} server is not built.`, {
    mend: 'Run npm run build.',
  });
};

/** The URL of `{"ready":true,"url":"…"}`, undefined for any other line. */
const readyUrl = (line: string): string | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    const message = JSON.parse(line) as { readonly ready?: unknown; readonly url?: unknown };
    return message.ready === true && typeof message.url === 'string' ? message.url : undefined;
  } catch {
    return undefined;
  }
};

/** Describes a Node child that says where it listens in its first line, and is then asked over HTTP. */
export const nodeChild = (options: NodeChildOptions): NodeChild => {
  let url: string | undefined;
  const child = new SupervisedChild({
    name: options.name,
    command: process.execPath,
    args: ['--enable-source-maps', entry(options.folder)],
    env: {
      PATH: process.env['PATH'],
      ASSAY_CHILD_OPTIONS: JSON.stringify({ ...options.options, parentPid: process.pid }),
    },
    logFile: options.logFile,
    onLine: (line) => {
      const said = readyUrl(line);
      if (said !== undefined) url = said;
      else appendFileSync(options.logFile, `${line}\n`);
    },
    beforeSpawn: () => {
      url = undefined;
      return Promise.resolve();
    },
    probe: async (signal) => {
      if (url === undefined) throw new Error('it has not said where it listens');
      // Any answer will do: a refusal for want of a key comes from a server that serves.
      const response = await fetch(url, { signal, redirect: 'manual' });
      await response.body?.cancel();
    },
    readyTimeoutMs: 60_000,
    stopSteps: [{ signal: 'SIGTERM', graceMs: 10_000 }],
    onProcess: options.onProcess,
    log: options.log,
  });
  return {
    child,
    url: () => {
      if (url === undefined) throw new Error(`${options.name} has not said where it listens`);
      return url;
    },
  };
};
