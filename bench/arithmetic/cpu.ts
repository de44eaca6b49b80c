/** What one line of /proc/PID/stat says of a process. Ticks are of `getconf CLK_TCK`, which Linux has fixed at 100 a second. */
export interface ProcessCpu {
  readonly pid: number;
  readonly parent: number;
  /** User and system time of all its threads. */
  readonly ownTicks: number;
  /** The same of its children that have ended and were waited for, and of theirs. */
  readonly reapedTicks: number;
}

/** Milliseconds of one tick. */
export const tickMs = 10;

/**
 * Reads a line of /proc/PID/stat; the command's name may itself hold spaces and brackets.
 *
 * @throws RangeError for what is no such line.
 */
export function parseStat(line: string): ProcessCpu {
  const afterName = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(afterName[number - 3]);
  const parsed = {
    pid: Number.parseInt(line, 10),
    parent: field(4),
    ownTicks: field(14) + field(15),
    reapedTicks: field(16) + field(17),
  };
  if (Object.values(parsed).some((value) => !Number.isFinite(value))) {
    throw new RangeError('no line of /proc/PID/stat');
  }
  return parsed;
}

/**
 * The CPU milliseconds of a process and all that descends from it, whether it still runs or was waited for by one that does:
 * a backend of Postgres that has ended counts in its postmaster.
 */
export function treeCpuMs(processes: readonly ProcessCpu[], root: number): number {
  const children = new Map<number, ProcessCpu[]>();
  for (const each of processes) {
    const siblings = children.get(each.parent) ?? [];
    siblings.push(each);
    children.set(each.parent, siblings);
  }
  const ofTree = (one: ProcessCpu): number =>
    one.ownTicks +
    one.reapedTicks +
    (children.get(one.pid) ?? []).reduce((sum, child) => sum + ofTree(child), 0);
  const own = processes.find(({ pid }) => pid === root);
  return own === undefined ? 0 : ofTree(own) * tickMs;
}

/** CPU milliseconds by the name of what used them. */
export type CpuByName = Readonly<Record<string, number>>;

/** What each name used between two readings, per cell; a name that was not there before began at 0. */
export function cpuPerCell(
  readings: { readonly before: CpuByName; readonly after: CpuByName },
  cells: number,
): CpuByName {
  return Object.fromEntries(
    Object.entries(readings.after).map(([name, ms]) => [
      name,
      (ms - (readings.before[name] ?? 0)) / cells,
    ]),
  );
}

/** The sum over all names. */
export function totalCpu(byName: CpuByName): number {
  return Object.values(byName).reduce((sum, ms) => sum + ms, 0);
}
