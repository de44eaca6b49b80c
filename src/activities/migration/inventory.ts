import { AssayError } from '../../core/errors/assay-error.js';
import type { PromptVersion } from '../../platforms/prompt-port.js';
import type { TraceGroup } from '../../platforms/trace-port.js';
import { nameFilter, type NameFilter } from '../../core/migration/name-filter.js';
import { platformTitles } from '../../core/platforms/backend.js';
import type { PlatformName } from '../../contracts/backend.js';
import { dropCursors, putCursor, readCursor } from '../../store/moves/cursors.js';
import { putFound, type NewRow } from '../../store/moves/items.js';
import type { Moving } from './moving.js';
import { promptRows } from './prompt-rows.js';
import { surveyGroups } from './survey.js';

/** What a reading looks for, and did not find. */
type Reading = (moving: Moving) => Promise<readonly Sought[]>;

interface Sought {
  /** As people know it: an option of the command, and the member of a request. */
  readonly option: string;
  readonly name: string;
}

/**
 * Looks at what there is on the source, part by part; each is one reading. @returns whether all was looked at.
 *
 * @throws AssayError MIGRATION_SOURCE_MISSING with every name that was asked for and is not there. Nothing was written by then.
 */
export async function takeInventory(moving: Moving): Promise<boolean> {
  const { id: migrationId, move, store, parts } = moving;
  const groups = parts.includes('experiments') || parts.includes('traces');
  const readings: readonly (readonly [string, Reading])[] = [
    ...(parts.includes('datasets') ? [['datasets', findDatasets] as const] : []),
    ...(parts.includes('prompts') ? [['prompts', findPrompts] as const] : []),
    ...(groups ? [['groups', findGroups] as const] : []),
  ];
  const missing: Sought[] = [];
  for (const [container, read] of readings) {
    const key = { migrationId, kind: 'inventory', container } as const;
    const at = await readCursor(store, key);
    if (at.done) {
      missing.push(...(JSON.parse(at.cursor ?? '[]') as readonly Sought[]));
      continue;
    }
    const sought = await read(moving);
    missing.push(...sought);
    await putCursor(store, key, { cursor: JSON.stringify(sought), done: true });
    if (moving.over() && container !== readings.at(-1)?.[0]) return false;
  }
  await refuseMissing(moving, missing);
  return !(groups && move.spec.dryRun) || surveyGroups(moving);
}

// A name that was mistyped would end as a move that found nothing to do.
async function refuseMissing(
  { id: migrationId, store, source }: Moving,
  missing: readonly Sought[],
): Promise<void> {
  if (missing.length === 0) return;
  // Looked for anew when it is asked for again.
  await dropCursors(store, { migrationId, kind: 'inventory' });
  const [first] = missing;
  const rest = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
  throw new AssayError(
    'MIGRATION_SOURCE_MISSING',
    `${platformTitles[source.name as PlatformName]} has nothing called ${JSON.stringify(first?.name)}${rest} of what was asked for.`,
    {
      problems: missing.map(({ option, name }) => ({
        at: option,
        message: `there is no ${JSON.stringify(name)}`,
      })),
      mend: 'See with --dry-run, without a choice, what is there. Nothing was written.',
    },
  );
}

const soughtBy = (option: string, filter: NameFilter): readonly Sought[] =>
  filter.missing().map((name) => ({ option, name }));

async function findDatasets({
  move,
  source,
  store,
  signal,
  tell,
  id,
}: Moving): Promise<readonly Sought[]> {
  const filter = nameFilter(move.spec.datasets);
  for await (const page of source.datasets.list(signal)) {
    const rows: NewRow[] = [];
    for (const dataset of page.filter(({ name }) => filter.takes(name))) {
      const held =
        (await source.datasets.count?.({ dataset: dataset.name, signal })) ?? dataset.items;
      rows.push({
        kind: 'dataset',
        sourceId: dataset.id,
        name: dataset.name,
        state: 'found',
        ...(held === undefined ? {} : { held }),
      });
    }
    await putFound(store, id, rows);
    tell(rows.length, 'datasets are listed');
  }
  return soughtBy('--dataset', filter);
}

async function findPrompts(moving: Moving): Promise<readonly Sought[]> {
  const { move, source, store, signal, tell, id } = moving;
  const filter = nameFilter(move.spec.prompts);
  for await (const page of source.prompts.list(signal)) {
    const chosen = page.filter(({ name }) => filter.takes(name));
    await putFound(
      store,
      id,
      chosen.map(({ name }) => ({ kind: 'prompt', sourceId: name, name, state: 'found' })),
    );
    for (const { name } of chosen) {
      const { versions, unreadable } = await readPrompt(moving, name);
      await putFound(store, id, promptRows(name, { versions, unreadable }));
      tell(versions.length, 'prompts are listed');
    }
  }
  return soughtBy('--prompt', filter);
}

/** All versions of a prompt, the oldest first, and those that cannot be read. */
export async function readPrompt(
  { source, signal }: Moving,
  name: string,
): Promise<{
  readonly versions: readonly PromptVersion[];
  readonly unreadable: ReadonlyMap<string, string>;
}> {
  const versions: PromptVersion[] = [];
  const unreadable = new Map<string, string>();
  const pages = source.prompts.versions(name, signal, (version, error) => {
    const { problems } = error;
    const why = problems.map(({ message }) => message).join('; ');
    unreadable.set(version, why === '' ? error.message : why);
  });
  for await (const page of pages) versions.push(...page);
  return { versions: versions.reverse(), unreadable };
}

async function findGroups(moving: Moving): Promise<readonly Sought[]> {
  const { move, parts, source, store, signal, tell, id } = moving;
  const { spec } = move;
  // Of experiments that are moved without their datasets, which are then looked for among those that have experiments.
  const datasets = nameFilter(spec.datasets, parts.includes('datasets') ? [] : undefined);
  const projects = nameFilter(spec.projects);
  const experiments = nameFilter(spec.experiments);
  if (source.traceSource === undefined) {
    throw new AssayError('PLATFORM_UNSUPPORTED', `${source.name} does not give its traces.`);
  }
  const isMeant = ({ name, dataset }: TraceGroup): boolean => {
    const inProjects = projects.takes(name);
    if (dataset === undefined) return parts.includes('traces') && inProjects;
    const inExperiments = experiments.takes(name);
    const inDatasets = datasets.takes(dataset.name);
    if (!parts.includes('experiments') || !inDatasets) return false;
    // Either of the two chooses among experiments; where both are given, each adds its own.
    if (spec.projects === undefined || spec.experiments === undefined) {
      return inProjects && inExperiments;
    }
    return inProjects || inExperiments;
  };
  for await (const page of source.traceSource.groups(signal)) {
    const rows = page.filter(isMeant).map((group): NewRow => ({
      kind: group.dataset === undefined ? 'project' : 'experiment',
      sourceId: group.id,
      name: group.name,
      container: group.dataset?.id ?? '',
      state: 'found',
      ...(group.traces === undefined ? {} : { held: group.traces }),
    }));
    await putFound(store, id, rows);
    tell(rows.length, 'projects and experiments are listed');
  }
  return [
    ...soughtBy('--dataset', datasets),
    ...soughtBy('--from-project', projects),
    ...soughtBy('--experiment', experiments),
  ];
}
