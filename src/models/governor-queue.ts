import type { Priority } from '../contracts/experiment-spec.js';
import { priorities } from '../core/experiment/priority.js';

/** Who waits, and for whom. */
export interface Line {
  readonly project: string;
  readonly priority: Priority;
}

/** Waiters of one key: higher priorities first, projects of a priority in turn, first come first served in a project. */
export interface LineQueue<Waiter extends { readonly line: Line }> {
  readonly size: number;
  add(waiter: Waiter): void;
  /** Who is next, without taking them. */
  peek(): Waiter | undefined;
  /** Takes the one that `peek` named. */
  take(): Waiter | undefined;
  remove(waiter: Waiter): void;
  /** How many wait of a line. */
  waiting(line: Line): number;
  lines(): readonly Line[];
}

/** One in twenty goes to the lowest priority that waits (the 5 % of `divide`): it must not starve in one process either. */
const lowestEvery = 20;

/** Makes an empty queue. */
export function createLineQueue<Waiter extends { readonly line: Line }>(): LineQueue<Waiter> {
  // The order of a map's keys is the turn of its projects: who was served goes to the end.
  const byPriority = new Map<Priority, Map<string, Waiter[]>>(
    priorities.map((priority) => [priority, new Map<string, Waiter[]>()]),
  );
  let size = 0;
  let served = 0;

  const next = ():
    { projects: Map<string, Waiter[]>; project: string; queue: Waiter[] } | undefined => {
    const lowestFirst = served % lowestEvery === lowestEvery - 1;
    for (const priority of lowestFirst ? priorities.toReversed() : priorities) {
      const projects = byPriority.get(priority) ?? new Map<string, Waiter[]>();
      for (const [project, queue] of projects) return { projects, project, queue };
    }
    return undefined;
  };

  return {
    get size() {
      return size;
    },
    add(waiter) {
      const projects = byPriority.get(waiter.line.priority);
      const queue = projects?.get(waiter.line.project);
      if (queue === undefined) projects?.set(waiter.line.project, [waiter]);
      else queue.push(waiter);
      size += 1;
    },
    peek: () => next()?.queue[0],
    take() {
      const found = next();
      if (found === undefined) return undefined;
      const { projects, project, queue } = found;
      const waiter = queue.shift();
      projects.delete(project);
      if (queue.length > 0) projects.set(project, queue);
      size -= 1;
      served += 1;
      return waiter;
    },
    remove(waiter) {
      const projects = byPriority.get(waiter.line.priority);
      const queue = projects?.get(waiter.line.project);
      const at = queue?.indexOf(waiter) ?? -1;
      if (queue === undefined || at < 0) return;
      queue.splice(at, 1);
      size -= 1;
      if (queue.length === 0) projects?.delete(waiter.line.project);
    },
    waiting: ({ project, priority }) => byPriority.get(priority)?.get(project)?.length ?? 0,
    lines: () =>
      priorities.flatMap((priority) =>
        [...(byPriority.get(priority)?.keys() ?? [])].map((project) => ({ project, priority })),
      ),
  };
}
