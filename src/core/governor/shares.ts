import type { Priority } from '../../contracts/experiment-spec.js';
import { priorities } from '../experiment/priority.js';

/** Somebody who wants a part of what there is. */
export interface Claimant {
  readonly project: string;
  readonly priority: Priority;
  readonly wanted: number;
}

/** The part that a lower priority keeps while a higher one could take everything: it must not starve. */
export const trickle = 0.05;

/**
 * Max-min fair parts: everybody gets what they want up to a level that is the same for all who want more.
 * Source: Bertsekas and Gallager, Data Networks, 2nd edition, 6.5.2 ("water filling").
 */
export function maxMin(capacity: number, wants: readonly number[]): readonly number[] {
  const parts = wants.map(() => 0);
  let open = wants.map((_want, index) => index).filter((index) => (wants[index] ?? 0) > 0);
  let left = capacity;
  while (open.length > 0 && left > 1e-12) {
    const level = left / open.length;
    const filled = open.filter((index) => (wants[index] ?? 0) - (parts[index] ?? 0) <= level);
    for (const index of filled.length > 0 ? filled : open) {
      const more = filled.length > 0 ? (wants[index] ?? 0) - (parts[index] ?? 0) : level;
      parts[index] = (parts[index] ?? 0) + more;
      left -= more;
    }
    if (filled.length === 0) break;
    open = open.filter((index) => !filled.includes(index));
  }
  return parts;
}

/**
 * Divides a capacity: higher priorities first, each lower one that wants something keeps 5 % (of at least `least`, where
 * there is enough), projects of a priority max-min, the claimants of a project max-min. What nobody wants is spread evenly, so
 * that whoever begins to want need not ask first.
 */
export function divide(
  capacity: number,
  claimants: readonly Claimant[],
  least = 0,
): readonly number[] {
  const parts = claimants.map(() => 0);
  const reserve = capacity >= 4 * least ? Math.max(trickle * capacity, least) : 0;
  const wantedBy = (priority: Priority): number =>
    claimants.reduce((sum, each) => sum + (each.priority === priority ? each.wanted : 0), 0);
  let left = capacity;
  priorities.forEach((priority, rank) => {
    const below = priorities
      .slice(rank + 1)
      .reduce((sum, lower) => sum + Math.min(reserve, wantedBy(lower)), 0);
    const given = divideProjects(Math.max(0, left - below), { priority, claimants, parts });
    left -= given;
  });
  if (left > 0) {
    const even = left / Math.max(1, claimants.length);
    for (const index of claimants.keys()) parts[index] = (parts[index] ?? 0) + even;
  }
  return parts;
}

function divideProjects(
  capacity: number,
  of: { priority: Priority; claimants: readonly Claimant[]; parts: number[] },
): number {
  const { claimants, parts } = of;
  const members = new Map<string, number[]>();
  claimants.forEach(({ project, priority }, index) => {
    if (priority === of.priority) members.set(project, [...(members.get(project) ?? []), index]);
  });
  const groups = [...members.values()];
  const wantOf = (index: number): number => claimants[index]?.wanted ?? 0;
  const forGroups = maxMin(
    capacity,
    groups.map((group) => group.reduce((sum, index) => sum + wantOf(index), 0)),
  );
  let given = 0;
  groups.forEach((group, at) => {
    const within = maxMin(forGroups[at] ?? 0, group.map(wantOf));
    group.forEach((index, place) => {
      parts[index] = within[place] ?? 0;
      given += within[place] ?? 0;
    });
  });
  return given;
}

/**
 * Divides whole slots as {@link divide}, rounded by largest remainder. Ties go round with `turn`, so that two claimants of one
 * slot have it in turn; where there are too few slots to keep one for a lower priority, that one has every tenth turn.
 */
export function divideSlots(
  slots: number,
  claimants: readonly Claimant[],
  turn: number,
): readonly number[] {
  const exact = divide(slots, turned(slots, claimants, turn), 1);
  const whole = exact.map((part) => Math.floor(part + 1e-9));
  let left = slots - whole.reduce((sum, part) => sum + part, 0);
  const order = claimants
    .map((claimant, index) => ({
      index,
      wants: claimant.wanted > (whole[index] ?? 0) ? 1 : 0,
      remainder: Math.round(((exact[index] ?? 0) - (whole[index] ?? 0)) * 1e6),
      place: (index + turn) % Math.max(1, claimants.length),
    }))
    .sort((a, b) => b.wants - a.wants || b.remainder - a.remainder || a.place - b.place);
  for (const { index } of order) {
    if (left < 1) break;
    whole[index] = (whole[index] ?? 0) + 1;
    left -= 1;
  }
  return whole;
}

function turned(slots: number, claimants: readonly Claimant[], turn: number): readonly Claimant[] {
  if (slots >= 4 || turn % 10 !== 0) return claimants;
  const mirrored: Record<Priority, Priority> = {
    interactive: 'bulk',
    ci: 'ci',
    bulk: 'interactive',
  };
  return claimants.map((claimant) => ({ ...claimant, priority: mirrored[claimant.priority] }));
}
