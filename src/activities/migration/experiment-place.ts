import type { ForeignTrace, TargetExperiment } from '../../platforms/trace-port.js';
import type { JsonObject } from '../../core/json/json.js';
import { countNamed, findItems } from '../../store/moves/items.js';
import { traceSides, type MovedGroup } from './trace-sides.js';
import type { Moving } from './moving.js';

interface Placed {
  readonly experiment?: TargetExperiment;
  /** Why the trace belongs to no experiment there. */
  readonly problem?: string;
}

/** Where the traces of a group go. */
export type ExperimentPlace = {
  /** By the source's ids of the traces. */
  readonly open: (
    traces: readonly ForeignTrace[],
    /** The experiments that some of them are in already, by the source's ids of the traces. */
    runs: ReadonlyMap<string, string>,
  ) => Promise<ReadonlyMap<string, Placed>>;
} & (
  | { readonly kind: 'project' }
  /** `first` is the id of the first repetition there. */
  | { readonly kind: 'experiment'; readonly first: string }
);

const project: ExperimentPlace = {
  kind: 'project',
  open: () => Promise.resolve(new Map()),
};

/**
 * The experiments that a group becomes: one for each repetition, since an experiment there shows one trace of an item. The
 * nth trace of an item, by its start, is of the nth repetition.
 */
export async function experimentsOf(
  moving: Moving,
  moved: MovedGroup,
): Promise<ExperimentPlace | { readonly left: string }> {
  const { group } = moved;
  if (group.dataset === undefined) return project;
  const there = await datasetThere(moving, group.dataset);
  if (there === undefined) return { left: 'its dataset is not on the target' };
  const naming = namingOf(moving, { moved, dataset: there });
  if (await naming.isTaken(1)) {
    return { left: 'EXPERIMENT_EXISTS_ELSEWHERE: an experiment of this name stands there already' };
  }
  return {
    kind: 'experiment',
    first: naming.named(1).id,
    open: async (traces, runs) =>
      placeTraces(moving, { moved, dataset: there, traces, runs, naming }),
  };
}

interface Dataset {
  readonly id: string;
  readonly name: string;
}

/** A dataset of the source as it stands on the target. */
export async function datasetThere(
  { id: migrationId, store, target, signal }: Moving,
  { id, name }: Dataset,
): Promise<Dataset | undefined> {
  const row = (await findItems(store, { migrationId, kind: 'dataset' }, [id])).get(id);
  if (row?.targetId !== undefined) return { id: row.targetId, name };
  // It may have been moved before, under another name of a move.
  return target.datasets.get(name, signal);
}

/** What the nth repetition of an experiment is called there. */
export const repetitionName = (name: string, repetition: number): string =>
  repetition === 1 ? name : `${name} (repetition ${repetition})`;

/** Which repetition of the group is called so. */
function repetitionOf(run: string, { name }: { readonly name: string }): number {
  let repetition = 1;
  while (repetitionName(name, repetition) !== run && repetition < mostRepetitions) repetition += 1;
  return repetition;
}

const mostRepetitions = 10_000;

interface Naming {
  readonly named: (repetition: number) => { readonly id: string; readonly name: string };
  readonly isTaken: (repetition: number) => Promise<boolean>;
}

function namingOf(
  moving: Moving,
  { moved: { group }, dataset }: { readonly moved: MovedGroup; readonly dataset: Dataset },
): Naming {
  const { sides, signal } = moving;
  const { sink } = traceSides(moving);
  const { projectId } = sides.target;
  const named: Naming['named'] = (repetition) => {
    const name = repetitionName(group.name, repetition);
    return { name, id: sink.experimentId({ projectId, datasetId: dataset.id, name }) };
  };
  const asked = new Map<number, Promise<boolean>>();
  return {
    named,
    isTaken: (repetition) => {
      const known =
        asked.get(repetition) ??
        sink.isTaken({
          ...named(repetition),
          datasetId: dataset.id,
          datasetName: dataset.name,
          group,
          signal,
        });
      asked.set(repetition, known);
      return known;
    },
  };
}

async function placeTraces(
  moving: Moving,
  on: {
    readonly moved: MovedGroup;
    readonly dataset: Dataset;
    readonly traces: readonly ForeignTrace[];
    readonly runs: ReadonlyMap<string, string>;
    readonly naming: Naming;
  },
): Promise<ReadonlyMap<string, Placed>> {
  const { id: migrationId, store, sides } = moving;
  const { moved, dataset, traces, runs, naming } = on;
  const { group } = moved;
  const itemIds = [...new Set(traces.flatMap(({ itemId }) => itemId ?? []))];
  const items = await findItems(store, { migrationId, kind: 'item' }, itemIds);
  const seen = new Map(await countNamed(store, { migrationId, container: group.id }, itemIds));
  const metadata: JsonObject = {
    ...group.metadata,
    'assay.moved_from': sides.source.platform,
    'assay.moved_group_id': group.id,
  };
  const placed = new Map<string, Placed>();
  for (const { id, itemId } of traces) {
    if (itemId === undefined) {
      placed.set(id, { problem: 'it is of no dataset item' });
      continue;
    }
    const item = items.get(itemId);
    const known = runs.get(id);
    const repetition =
      known === undefined ? (seen.get(itemId) ?? 0) + 1 : repetitionOf(known, group);
    if (known === undefined) seen.set(itemId, repetition);
    if (item?.targetId === undefined || item.state === 'left') {
      placed.set(id, { problem: 'its dataset item was not moved, so it is in no experiment' });
    } else if (known === undefined && repetition > 1 && (await naming.isTaken(repetition))) {
      placed.set(id, { problem: `the name of repetition ${repetition} is taken there` });
    } else {
      placed.set(id, {
        experiment: {
          ...naming.named(repetition),
          metadata,
          ...(group.description === undefined ? {} : { description: group.description }),
          datasetId: dataset.id,
          itemId: item.targetId,
        },
      });
    }
  }
  return placed;
}
