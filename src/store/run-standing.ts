import type { ExperimentStatus } from '../contracts/records.js';
import { rowsOf, type Queryable } from './query.js';

/** What tells a run of now from the same run judged again, retried or made anew. */
export interface RunStanding {
  readonly status: ExperimentStatus;
  readonly runUid: string;
  readonly manifestHash: string | undefined;
  /** Of the last pass over it; 1 where the run itself was the only one. */
  readonly pass: number;
}

/**
 * How a run stands, in the transaction of `on`.
 *
 * @param locked whether no pass may begin over it before the transaction ends. Default false.
 */
export async function runStanding(
  on: Queryable,
  experimentId: string,
  { locked = false }: { readonly locked?: boolean } = {},
): Promise<RunStanding | undefined> {
  const [row] = await rowsOf<Omit<RunStanding, 'manifestHash'> & { manifestHash: string | null }>(
    on,
    `select status, run_uid as "runUid", manifest_hash as "manifestHash",
            (select coalesce(max(pass), 1) from assay.experiment_passes where experiment_id = $1) as pass
       from assay.experiments where id = $1 ${locked ? 'for share' : ''}`,
    [experimentId],
  );
  return row === undefined ? undefined : { ...row, manifestHash: row.manifestHash ?? undefined };
}
