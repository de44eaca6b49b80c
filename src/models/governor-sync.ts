import { governorStateSchema, type ProviderLimits } from '../contracts/governor-state.js';
import { exchange, newState, withoutMember, type Grant } from '../core/governor/exchange.js';
import type { KeyChange, KeyRow, SharedKey } from '../store/governor/keys.js';
import type { Gate } from './governor-gate.js';

/** Where the fleet meets: Postgres, or a map in a test or a process of its own. */
export interface MeetingPlace {
  read(
    keys: readonly SharedKey[],
  ): Promise<{ readonly now: number; readonly rows: readonly KeyRow[] }>;
  /** Writes what nobody wrote meanwhile, and says which that was. */
  write(changes: readonly KeyChange[]): Promise<ReadonlySet<string>>;
}

/** A gate and what the fleet must know of its key. */
export interface SharedGate extends SharedKey {
  readonly gate: Gate;
  limits: ProviderLimits | undefined;
  /** Of a run, as it was when it was asked for last; the column is the truth once it was read. */
  slots: number | undefined;
  /** Of its lease, on the gates' clock. */
  untilMs: number;
}

/** How shares are leased. */
export interface LeaseSettings {
  /** This worker among its like; never used before. */
  readonly member: string;
  readonly leaseMs: number;
  /** The gates' clock. */
  readonly now: () => number;
}

/** For a statement that takes its time, and for clocks that run at slightly different speeds. */
const marginShare = 0.15;
/** A lease that has this part left is not renewed where nothing else changed. */
const renewAt = 0.6;
const mostTries = 8;

/**
 * One exchange of this worker with the fleet over all its keys: read, compute, write what nobody wrote meanwhile, again for
 * the rest. Two small statements in the common case, whatever the number of calls.
 *
 * The fence: a share is used for 85 % of its lease after the moment in which the exchange *began*, so that it falls before
 * the lease does by Postgres' clock.
 *
 * @returns the keys that others were writing at each try; they are tried again with the next exchange.
 * @throws AssayError POSTGRES_UNREACHABLE; then the shares run out by themselves.
 */
export async function exchangeAll(
  place: MeetingPlace,
  gates: readonly SharedGate[],
  settings: LeaseSettings,
): Promise<readonly SharedGate[]> {
  let open = gates;
  for (let attempt = 0; open.length > 0 && attempt < mostTries; attempt += 1) {
    const untilMs = settings.now() + settings.leaseMs * (1 - marginShare);
    const { now, rows } = await place.read(open);
    const found = new Map(rows.map((row) => [row.key, row]));
    const steps = open.flatMap((shared) => {
      const row = found.get(shared.key);
      return row === undefined ? [] : [step(shared, { row, now, settings })];
    });
    const changes = steps.flatMap(({ change }) => (change === undefined ? [] : [change]));
    const written = changes.length === 0 ? new Set<string>() : await place.write(changes);
    const lost: SharedGate[] = [];
    for (const { shared, change, grant } of steps) {
      if (change !== undefined && !written.has(shared.key)) {
        lost.push(shared);
        continue;
      }
      if (change !== undefined) shared.untilMs = untilMs;
      shared.gate.grant(grant, { untilMs: shared.untilMs, heard: change !== undefined });
    }
    open = lost;
  }
  return open;
}

interface Step {
  readonly shared: SharedGate;
  /** Undefined where nothing is worth writing. */
  readonly change: KeyChange | undefined;
  readonly grant: Grant;
}

function step(
  shared: SharedGate,
  on: { readonly row: KeyRow; readonly now: number; readonly settings: LeaseSettings },
): Step {
  const { row, now, settings } = on;
  const { member, leaseMs } = settings;
  const parsed = governorStateSchema.safeParse(row.state);
  // What a later version wrote differently is begun anew: it holds nothing but what the next refusals tell again.
  const before = parsed.success ? parsed.data : newState(now);
  const report = shared.gate.report();
  const { state, grant } = exchange(
    before,
    {
      ...report,
      member,
      leaseMs,
      limits: shared.limits,
      slots: shared.slots === undefined ? undefined : (row.concurrency ?? shared.slots),
    },
    now,
  );
  const known = before.members[member];
  const unchanged =
    known !== undefined &&
    known.until - now > renewAt * leaseMs &&
    report.refusal === undefined &&
    report.holdMs === 0 &&
    report.told === undefined &&
    sameMember(known, state.members[member]);
  if (unchanged) return { shared, change: undefined, grant };
  const { key, experimentId } = shared;
  return { shared, change: { key, experimentId, version: row.version, state }, grant };
}

function sameMember(before: object, after: object | undefined): boolean {
  return JSON.stringify({ ...before, until: 0 }) === JSON.stringify({ ...after, until: 0 });
}

/** Takes this worker out of its keys, so that what it held is free at once. */
export async function leaveAll(
  place: MeetingPlace,
  gates: readonly SharedGate[],
  { member }: { readonly member: string },
): Promise<void> {
  let open = gates;
  for (let attempt = 0; open.length > 0 && attempt < mostTries; attempt += 1) {
    const { rows } = await place.read(open);
    const changes = rows.flatMap((row): KeyChange[] => {
      const parsed = governorStateSchema.safeParse(row.state);
      if (!parsed.success || parsed.data.members[member] === undefined) return [];
      const { key, version } = row;
      return [{ key, version, state: withoutMember(parsed.data, member) }];
    });
    if (changes.length === 0) return;
    const written = await place.write(changes);
    open = open.filter(({ key }) => changes.some((each) => each.key === key) && !written.has(key));
  }
}
