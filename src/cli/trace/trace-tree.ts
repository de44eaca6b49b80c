import type { ObservationView } from '../../contracts/trace-view.js';

/** An observation below its parent. */
export interface TraceNode {
  readonly observation: ObservationView;
  readonly children: readonly TraceNode[];
}

/**
 * The observations as trees, in their order. Foreign data: one whose parent is missing stands as a root, and so does
 * the first of those whose parents run in a ring; each is shown exactly once.
 */
export function traceTree(observations: readonly ObservationView[]): readonly TraceNode[] {
  const known = new Set(observations.map(({ id }) => id));
  const byParent = new Map<string, ObservationView[]>();
  const roots: ObservationView[] = [];
  for (const observation of observations) {
    const { parentId } = observation;
    if (parentId === undefined || !known.has(parentId)) roots.push(observation);
    else byParent.set(parentId, [...(byParent.get(parentId) ?? []), observation]);
  }
  const shown = new Set<string>();
  const nodeOf = (observation: ObservationView): TraceNode => {
    shown.add(observation.id);
    const children: TraceNode[] = [];
    for (const child of byParent.get(observation.id) ?? []) {
      if (!shown.has(child.id)) children.push(nodeOf(child));
    }
    return { observation, children };
  };
  const trees = roots.map(nodeOf);
  for (const observation of observations) {
    if (!shown.has(observation.id)) trees.push(nodeOf(observation));
  }
  return trees;
}
