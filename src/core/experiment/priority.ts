import type { Priority } from '../../contracts/experiment-spec.js';

/** All, the highest first; apart from their schema, since the CLI names them in help texts. */
export const priorities = ['interactive', 'ci', 'bulk'] as const;

/** How Temporal orders what waits in one task queue: lower keys first, and the projects by turns. */
export interface TaskPriority {
  readonly priorityKey: number;
  readonly fairnessKey: string;
}

// Temporal has 1 to 5; the first is kept for probes and alerts, and the last for what nobody ever waits for.
const keys: Readonly<Record<Priority, number>> = { interactive: 2, ci: 3, bulk: 4 };

/** Temporal's limit for a fairness key; longer ids share a turn with those that begin alike. */
const longestFairnessKey = 64;

/** The order of a run's tasks among those of others. */
export function taskPriority(project: string, priority: Priority = 'bulk'): TaskPriority {
  return { priorityKey: keys[priority], fairnessKey: project.slice(0, longestFairnessKey) };
}
