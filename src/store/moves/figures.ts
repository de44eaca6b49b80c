import type { MovedKind, MoveFigures, MoveReason } from '../../contracts/platform-migration.js';
import { rowsOf, type Queryable } from '../query.js';

/** So many of what a reason holds for are named. */
const named = 20;

const kinds: readonly MovedKind[] = [
  ...(['dataset', 'item', 'prompt', 'prompt_version', 'prompt_label'] as const),
  ...(['experiment', 'project', 'trace', 'score'] as const),
];

/** In a dry run nothing is read of what lies within these: the source's own count stands for it. */
const within: Partial<Record<MovedKind, readonly MovedKind[]>> = {
  item: ['dataset'],
  trace: ['experiment', 'project'],
};

/** How the things of each kind stand; kinds of which nothing was found are passed over. */
export async function moveFigures(
  on: Queryable,
  { migrationId, planned }: { readonly migrationId: string; readonly planned: boolean },
): Promise<readonly MoveFigures[]> {
  const counts = await rowsOf<{
    readonly kind: MovedKind;
    readonly found: number;
    readonly written: number;
    readonly stood: number;
    readonly verified: number;
    readonly held: number;
  }>(
    on,
    `select kind, count(*)::int as found,
            count(*) filter (where state in ('written', 'verified', 'differs') and written_here)::int as written,
            count(*) filter (where state in ('written', 'verified', 'differs') and not written_here)::int as stood,
            count(*) filter (where state = 'verified')::int as verified,
            coalesce(sum(held) filter (where state <> 'left'), 0)::float8 as held
       from assay.platform_migration_items where migration_id = $1 and kind <> 'there' group by kind`,
    [migrationId],
  );
  const reasons = await rowsOf<MoveReason & { readonly kind: MovedKind; readonly of: string }>(
    on,
    `select kind, case state when 'left' then 'left' when 'differs' then 'differing' else 'notCarried' end as of,
            reason, count(*)::int as count,
            (array_agg(case when name = '' then source_id else name end order by name, source_id))[1:${named}] as names
       from assay.platform_migration_items
      where migration_id = $1 and kind <> 'there' and (reason is not null or state in ('left', 'differs'))
      group by 1, 2, 3 order by count(*) desc, reason`,
    [migrationId],
  );
  const byKind = new Map(counts.map((each) => [each.kind, each]));
  return kinds.flatMap((kind): readonly MoveFigures[] => {
    const own = byKind.get(kind);
    const held = planned
      ? (within[kind] ?? []).reduce((sum, each) => sum + (byKind.get(each)?.held ?? 0), 0)
      : 0;
    if (own === undefined && held === 0) return [];
    const why = (of: string): readonly MoveReason[] =>
      reasons
        .filter((each) => each.kind === kind && each.of === of)
        .map(({ reason, count, names }) => ({ reason, count, names }));
    return [
      {
        kind,
        found: own === undefined ? held : own.found,
        written: own?.written ?? 0,
        stood: own?.stood ?? 0,
        verified: own?.verified ?? 0,
        left: why('left'),
        differing: why('differing'),
        notCarried: why('notCarried'),
      },
    ];
  });
}
