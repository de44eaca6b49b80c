import { readdirSync, readFileSync } from 'node:fs';

import { parseStat, treeCpuMs, type CpuByName, type ProcessCpu } from '../arithmetic/cpu.js';

const readOrUndefined = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
};

function allProcesses(): readonly ProcessCpu[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const line = readOrUndefined(`/proc/${pid}/stat`);
      return line === undefined ? [] : [parseStat(line)];
    });
}

/** The CPU milliseconds so far of the processes of each name, with all that descends from them. Linux only. */
export function readCpu(roots: Readonly<Record<string, readonly number[]>>): CpuByName {
  const processes = allProcesses();
  return Object.fromEntries(
    Object.entries(roots).map(([name, pids]) => [
      name,
      pids.reduce((sum, pid) => sum + treeCpuMs(processes, pid), 0),
    ]),
  );
}

/** The most memory that a process had resident since it started, in MiB; undefined where it has ended. */
export function peakRssMiB(pid: number): number | undefined {
  const status = readOrUndefined(`/proc/${pid}/status`);
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

/** The memory that a process has resident now, in MiB; undefined where it has ended. */
export function rssMiB(pid: number): number | undefined {
  const status = readOrUndefined(`/proc/${pid}/status`);
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}
