import type { Verdict } from '../../contracts/gate-protocol.js';
import { rowsOf, type Queryable } from '../query.js';

/** The newest gate whose head ran a prompt content. */
export interface GateProof {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly decidedAt: string;
  /** The head's run. */
  readonly run: string;
  /** Of the base, where that is a baseline. */
  readonly baseline: string | undefined;
  /** The base was found stale, or was renewed, after the verdict. */
  readonly baseChanged: boolean;
}

/**
 * The newest verdict about a prompt content, whatever the prompt was called: runs record the content that they stored on the
 * platforms.
 *
 * @param name only of this gate, or against this base.
 */
export async function newestProof(
  on: Queryable,
  of: { readonly project: string; readonly contentHash: string; readonly name?: string },
): Promise<GateProof | undefined> {
  const [row] = await rowsOf<{
    gate: string;
    verdict: Verdict;
    decided_at: string;
    run: string;
    baseline: string | null;
    base_changed: boolean;
  }>(
    on,
    `select g.name as gate, g.verdict, g.decided_at, e.name as run, b.name as baseline,
            coalesce(b.stale_at > g.decided_at and b.stale is not null or b.renewed_at > g.decided_at, false) as base_changed
       from assay.gates g
       join assay.experiments e on e.id = g.head_experiment_id
       left join assay.baselines b
         on b.project = g.project and b.id::text = g.plan #>> '{base,baselineId}'
      where g.project = $1 and g.status = 'decided'
        and exists (select 1 from json_array_elements(e.platform_runs) r
                     where r #>> '{prompt,contentHash}' = $2)
        and ($3::text is null or g.name = $3 or g.plan #>> '{base,name}' = $3)
      order by g.decided_at desc limit 1`,
    [of.project, of.contentHash, of.name ?? null],
  );
  if (row === undefined) return undefined;
  return {
    gate: row.gate,
    verdict: row.verdict,
    decidedAt: row.decided_at,
    run: row.run,
    baseline: row.baseline ?? undefined,
    baseChanged: row.base_changed,
  };
}
