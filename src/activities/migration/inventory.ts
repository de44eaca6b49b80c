import { AssayError } from '../../core/errors/assay-error.js';
import type { PromptVersion } from '../../platforms/prompt-port.js';
import type { TraceGroup } from '../../platforms/trace-port.js';
import { putCursor, readCursor } from '../../store/moves/cursors.js';
import { putFound, type NewRow } from '../../store/moves/items.js';
import type { Moving } from './moving.js';
import { promptRows } from './prompt-rows.js';

/** Looks at what there is on the source, part by part; each is one reading. @returns whether all was looked at. */
export async function takeInventory(moving: Moving): Promise<boolean> {
  const { id: migrationId, store, parts } = moving;
  const readings: readonly (readonly [string, () => Promise<void>])[] = [
    ...(parts.includes('datasets') ? [['datasets', () => findDatasets(moving)] as const] : []),
    ...(parts.includes('prompts') ? [['prompts', () => findPrompts(moving)] as const] : []),
    ...(parts.includes('experiments') || parts.includes('traces')
      ? [['groups', () => findGroups(moving)] as const]
      : []),
  ];
  for (const [container, read] of readings) {
    const key = { migrationId, kind: 'inventory', container } as const;
    if ((await readCursor(store, key)).done) continue;
    await read();
    await putCursor(store, key, { cursor: undefined, done: true });
    if (moving.over()) return false;
  }
  return true;
}

async function findDatasets({ move, source, store, signal, tell, id }: Moving): Promise<void> {
  const wanted = move.spec.datasets;
  const missing = new Set(wanted);
  for await (const page of source.datasets.list(signal)) {
    const chosen = page.filter(({ name }) => wanted?.includes(name) ?? true);
    const rows: NewRow[] = [];
    for (const dataset of chosen) {
      missing.delete(dataset.name);
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
  refuseUnknown(missing, 'dataset', source.name);
}

async function findPrompts(moving: Moving): Promise<void> {
  const { source, store, signal, tell, id } = moving;
  for await (const page of source.prompts.list(signal)) {
    await putFound(
      store,
      id,
      page.map(({ name }) => ({ kind: 'prompt', sourceId: name, name, state: 'found' })),
    );
    for (const { name } of page) {
      const { versions, unreadable } = await readPrompt(moving, name);
      await putFound(store, id, promptRows(name, { versions, unreadable }));
      tell(versions.length, 'prompts are listed');
    }
  }
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

async function findGroups(moving: Moving): Promise<void> {
  const { move, parts, source, store, signal, tell, id } = moving;
  const { datasets, projects } = move.spec;
  const missing = new Set(projects);
  if (source.traceSource === undefined) {
    throw new AssayError('PLATFORM_UNSUPPORTED', `${source.name} does not give its traces.`);
  }
  const isMeant = ({ name, dataset }: TraceGroup): boolean => {
    if (projects !== undefined && !projects.includes(name)) return false;
    if (dataset === undefined) return parts.includes('traces');
    return parts.includes('experiments') && (datasets?.includes(dataset.name) ?? true);
  };
  for await (const page of source.traceSource.groups(signal)) {
    for (const { name } of page) missing.delete(name);
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
  refuseUnknown(missing, 'project', source.name);
}

// A name that was mistyped would end as a move that found nothing to do.
function refuseUnknown(missing: ReadonlySet<string>, what: string, platform: string): void {
  const [first] = missing;
  if (first === undefined) return;
  throw new AssayError(
    'MIGRATION_SOURCE_MISSING',
    `There is no ${what} ${JSON.stringify(first)} on ${platform}.`,
    { mend: 'See with --dry-run what is there.' },
  );
}
