import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { postgresFolders } from '../../src/devstack/postgres/index.js';
import { resetStack, type StackServices } from '../../src/devstack/index.js';

interface Message {
  readonly starting?: boolean;
  readonly log?: string;
  readonly ready?: boolean;
  readonly stopped?: boolean;
  readonly failed?: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly mend?: string;
  readonly services?: StackServices;
}

export interface ParentOptions {
  readonly projectDir: string;
  readonly only?: string;
  readonly ports?: Readonly<Record<string, number>>;
  /** Run as this user. */
  readonly account?: { readonly uid: number; readonly gid: number };
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** A process of its own that holds a stack, as `assay dev` does, to be interrupted or killed. */
export class ParentProcess {
  readonly messages: Message[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;
  #changed: () => void = () => undefined;

  constructor(options: ParentOptions) {
    const args = [
      options.projectDir,
      options.only ?? 'postgres',
      JSON.stringify(options.ports ?? {}),
    ];
    this.#child = spawn(
      process.execPath,
      ['--import', path('./register-ts.mjs'), path('../fixtures/stack-parent.ts'), ...args],
      { stdio: ['ignore', 'pipe', 'inherit'], ...options.account },
    );
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.messages.push(JSON.parse(line) as Message);
        this.#changed();
      });
    }
    this.#exit = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        resolve(code);
        this.#changed();
      });
    });
  }

  /** Waits for the first message that fits; fails when the process ends before. */
  async message(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(fits);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`The parent ended before that: ${JSON.stringify(this.messages)}`);
      }
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /** The services, once all serve. */
  async ready(): Promise<StackServices> {
    const { services } = await this.message(
      (message) => message.ready === true || message.failed === true,
    );
    if (services === undefined) throw new Error(JSON.stringify(this.messages));
    return services;
  }

  /** Sends a signal and waits for the end; the exit code, null when the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exit;
  }

  /** The exit code of a process that ends by itself. */
  exit(): Promise<number | null> {
    return this.#exit;
  }
}

const facts = (pid: string): string => {
  try {
    return `${readFileSync(`/proc/${pid}/cmdline`, 'utf8')} ${readlinkSync(`/proc/${pid}/cwd`)}`;
  } catch {
    return '';
  }
};

/** Pids of all processes that name the project's folders in their command line, or work in them (Linux). */
export const processesOf = (folder: string): readonly string[] => {
  const folders = [folder, ...postgresFolders(folder)];
  const isOurs = (pid: string): boolean => {
    const known = facts(pid);
    return folders.some((path) => known.includes(path));
  };
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOurs(pid));
};

/** Is the folder locked by a start, alive or dead? */
export const isLocked = (folder: string): boolean =>
  existsSync(join(folder, '.assay', 'stack.lock'));

/** A fresh project folder (0700, as `mktemp -d` makes it), and its removal with all that runs in it. */
export const projectFolder = async (): Promise<{ path: string; remove(): Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-devstack-'));
  return {
    path: folder,
    remove: async () => {
      // What lies outside the folder (in /var/tmp) goes as well.
      await resetStack(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
