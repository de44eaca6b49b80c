import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { projectFolder } from '../support/parent-process.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist', 'cli', 'main.js');

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
}

// What the machine's own variables say must not decide where a test looks.
const isForeign = (name: string): boolean =>
  /^(?:ASSAY_|npm_|TEMPORAL_|LANGFUSE_|LANGSMITH_|OPENAI_|DATABASE_URL$|NO_COLOR$|FORCE_COLOR$|CI$|NODE_OPTIONS$)/.test(
    name,
  );

/** A command of the built CLI in a process of its own. */
export class CliProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  #changed: () => void = () => undefined;
  #done = false;

  constructor(args: readonly string[], { folder, environment = {} }: CliOptions) {
    if (!existsSync(main)) throw new Error('The CLI is not built: npm run build.');
    const own = Object.entries(process.env).filter(([name]) => !isForeign(name));
    this.child = spawn(process.execPath, [main, ...args], {
      cwd: folder,
      env: { ...Object.fromEntries(own), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#changed();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#changed();
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code) => {
        this.#done = true;
        this.#changed();
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Waits until what was written so far holds it; fails where the process ends before. */
  async until(holds: (process: CliProcess) => boolean): Promise<void> {
    while (!holds(this)) {
      if (this.#done) throw new Error(`It ended before that:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs a command to its end. */
export function assay(args: readonly string[], options: CliOptions): Promise<Ended> {
  return new CliProcess(args, options).ended;
}

/** A fresh copy of test/fixtures/cli-project, and its removal with all that runs in it. */
export async function cliProject(): Promise<{ path: string; remove(): Promise<void> }> {
  const project = await projectFolder();
  cpSync(join(root, 'test', 'fixtures', 'cli-project'), project.path, { recursive: true });
  return project;
}

/** `assay dev --json` with its ready line. */
export interface DevStack {
  readonly process: CliProcess;
  readonly ready: {
    readonly project: string | null;
    readonly workers: number;
    readonly services: Readonly<Record<string, Readonly<Record<string, string | null>>>>;
  };
}

export async function startDev(folder: string, ...args: string[]): Promise<DevStack> {
  const process = new CliProcess(['dev', '--json', ...args], { folder });
  await process.until(({ stdout }) => stdout.includes('\n'));
  return { process, ready: JSON.parse(process.stdout) as DevStack['ready'] };
}

/** Lines of JSON as values. */
export const jsonLines = (text: string): readonly Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
