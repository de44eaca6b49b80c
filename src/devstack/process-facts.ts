import { hasCode } from './error-facts.js';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Identity of a process that outlives its pid's reuse: the pid alone may name a stranger tomorrow. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot and start tick on Linux, `ps lstart` elsewhere; equal only for the very same process. */
  readonly startedAt: string;
}

const readOrUndefined = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const ps = (pid: number, column: string): string | undefined => {
  try {
    return (
      execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || undefined
    );
  } catch {
    return undefined;
  }
};

const hasProc = readOrUndefined('/proc/self/stat') !== undefined;

/** Fields of /proc/PID/stat after the command name, which may itself hold spaces and brackets. */
const statFields = (pid: number): readonly string[] | undefined => {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/** True while the process runs; a zombie has ended, only its parent has not looked yet. */
export const isAlive = (pid: number): boolean => {
  if (hasProc) {
    const state = statFields(pid)?.[0];
    return state !== undefined && state !== 'Z' && state !== 'X';
  }
  const state = ps(pid, 'state');
  return state !== undefined && !state.startsWith('Z');
};

/** The identity of a live process, undefined when there is none with this pid. */
export const identify = (pid: number): ProcessIdentity | undefined => {
  if (!isAlive(pid)) return undefined;
  if (!hasProc) {
    const startedAt = ps(pid, 'lstart');
    return startedAt === undefined ? undefined : { pid, startedAt };
  }
  const ticks = statFields(pid)?.[19];
  const boot = readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown-boot';
  return ticks === undefined ? undefined : { pid, startedAt: `${boot}:${ticks}` };
};

/** True while the very process that was identified still runs. */
export const isSameProcess = (identity: ProcessIdentity): boolean =>
  identify(identity.pid)?.startedAt === identity.startedAt;

/** The command line of a process, arguments joined by spaces; empty when it cannot be read. */
export const commandLine = (pid: number): string =>
  hasProc
    ? (readOrUndefined(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim()
    : (ps(pid, 'command') ?? '');

/** Sends a signal; false when the process is gone already. */
export const sendSignal = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
    throw error;
  }
};

/** Waits until the process has ended; false when it still runs after `timeoutMs`. */
export const waitForExit = async (
  identity: ProcessIdentity,
  timeoutMs: number,
): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  let pauseMs = 5;
  while (isSameProcess(identity)) {
    if (performance.now() >= deadline) return false;
    await sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, 100);
  }
  return true;
};

/** One step of an ordered stop: the signal, and how long the process may take to obey it. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/**
 * Ends a process by its identity: each step's signal in turn, SIGKILL after the last.
 * Returns the signal that ended it, or undefined when it had ended before.
 */
export const endProcess = async (
  identity: ProcessIdentity,
  steps: readonly StopStep[],
): Promise<NodeJS.Signals | undefined> => {
  for (const step of [...steps, { signal: 'SIGKILL' as const, graceMs: 10_000 }]) {
    if (!isSameProcess(identity)) return undefined;
    sendSignal(identity.pid, step.signal);
    if (await waitForExit(identity, step.graceMs)) return step.signal;
  }
  return 'SIGKILL';
};
