import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What a process took from its start to its end. */
export interface ProcessRun {
  readonly seconds: number;
  readonly cpuMs: number;
  readonly peakRssMiB: number;
  readonly stdout: string;
}

export interface Command {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A Node process under measurement. */
export interface MeasuredProcess {
  /** SIGKILL; `ended` then resolves to undefined. */
  kill(): void;
  /** @throws Error where it fails by itself, with the end of what it said. */
  readonly ended: Promise<ProcessRun | undefined>;
}

const usageFile = resolve('bench/peers/usage.mjs');

/** Starts a Node process; the clock runs from here to its end. */
export function startMeasured({ args, cwd, environment }: Command): MeasuredProcess {
  const usage = join(tmpdir(), `assay-bench-usage-${randomUUID()}.json`);
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', usageFile, ...args], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      ...environment,
      PEER_USAGE_FILE: usage,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killed = { value: false };
  return {
    kill() {
      killed.value = true;
      child.kill('SIGKILL');
    },
    ended: (async () => {
      const [stdout, stderr, code] = await Promise.all([
        textOf(child.stdout),
        textOf(child.stderr),
        exitOf(child),
      ]);
      const seconds = (performance.now() - started) / 1_000;
      if (killed.value) return undefined;
      try {
        // Written when it ends by itself, whatever its exit code: promptfoo ends with 100 where an assertion failed.
        const used = JSON.parse(await readFile(usage, 'utf8')) as {
          readonly maxRssKib: number;
          readonly cpuMs: number;
        };
        if (code !== 0 && code !== 100) throw new Error(`exit code ${code}`);
        return { seconds, cpuMs: used.cpuMs, peakRssMiB: used.maxRssKib / 1_024, stdout };
      } catch (cause) {
        const said = `${stdout.slice(-500)}\n${stderr.slice(-1_500)}`;
        throw new Error(`${args.join(' ')} failed: ${said}`, { cause });
      } finally {
        await rm(usage, { force: true });
      }
    })(),
  };
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  // A peer that prints a line an item must not fill our memory.
  for await (const part of stream) text = (text + String(part)).slice(-1_000_000);
  return text;
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolveExit, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolveExit(code));
  });
