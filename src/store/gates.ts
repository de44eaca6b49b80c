import type { GatePlan, GateRequest, Verdict } from '../contracts/gate-protocol.js';
import type { LaterPass } from '../contracts/report/comparison.js';
import { AssayError, type ErrorDocument } from '../core/errors/assay-error.js';
import { findBaselineById } from './baselines/rows.js';
import { compress, decompress } from './compression.js';
import { countOf, rowsOf, type Queryable } from './query.js';
import { withTransaction, type Store } from './store.js';

/** A gate as it is recorded. */
export interface GateRecord {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly request: GateRequest;
  readonly requestHash: string;
  /** `decided`: there is a verdict; it may still be on its way to the platform while `finishedAt` is undefined. */
  readonly status: 'running' | 'decided' | 'failed';
  readonly verdict: Verdict | undefined;
  readonly plan: GatePlan | undefined;
  readonly error: ErrorDocument | undefined;
  readonly workflowId: string;
  readonly createdAt: string;
  readonly decidedAt: string | undefined;
  readonly finishedAt: string | undefined;
}

interface GateRow {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly request: GateRequest;
  readonly request_hash: string;
  readonly status: GateRecord['status'];
  readonly verdict: Verdict | null;
  readonly plan: GatePlan | null;
  readonly error: ErrorDocument | null;
  readonly workflow_id: string;
  readonly created_at: string;
  readonly decided_at: string | null;
  readonly finished_at: string | null;
}

const columns = `id, project, name, request, request_hash, status, verdict, plan, error, workflow_id, created_at,
  decided_at, finished_at`;

const gateOfRow = (row: GateRow): GateRecord => ({
  id: row.id,
  project: row.project,
  name: row.name,
  request: row.request,
  requestHash: row.request_hash,
  status: row.status,
  verdict: row.verdict ?? undefined,
  plan: row.plan ?? undefined,
  error: row.error ?? undefined,
  workflowId: row.workflow_id,
  createdAt: row.created_at,
  decidedAt: row.decided_at ?? undefined,
  finishedAt: row.finished_at ?? undefined,
});

/** A gate that is about to be run. */
export interface NewGate {
  readonly project: string;
  readonly name: string;
  readonly request: GateRequest;
  readonly requestHash: string;
  readonly plan: GatePlan;
  readonly workflowId: string;
}

/**
 * Records a gate, or takes up one that failed: whatever stood in its way may have been mended. One that runs or was decided is
 * left as it is.
 *
 * @returns the row that has the name now.
 * @throws AssayError BASELINE_NOT_FOUND where the base was deleted since the gate was planned; then nothing is written.
 */
export async function recordGate(store: Store, gate: NewGate): Promise<GateRecord> {
  return withTransaction(store, async (on) => {
    await countOf(on, `insert into assay.projects (id) values ($1) on conflict do nothing`, [
      gate.project,
    ]);
    // The deletion of a baseline takes this row for itself: it either sees this gate, or is seen below. The key of the new row
    // would have it waited for, too, but one that is taken up again checks none.
    await on.query('select from assay.projects where id = $1 for key share', [gate.project]);
    if ((await writeGate(on, gate)) > 0) await requireBase(on, gate.plan.base);
    const found = await findGate(on, gate);
    if (found === undefined) throw new Error('The gate that was just recorded is not there.');
    return found;
  });
}

const writeGate = (on: Queryable, gate: NewGate): Promise<number> =>
  countOf(
    on,
    `insert into assay.gates as g (id, project, name, request, request_hash, status, plan, workflow_id)
     values ($1, $2, $3, $4, $5, 'running', $6, $7)
     on conflict (id) do update
        set request = excluded.request, request_hash = excluded.request_hash, status = 'running',
            plan = excluded.plan, error = null, finished_at = null, head_experiment_id = null
      where g.status = 'failed'`,
    [
      `${gate.project}/${gate.name}`,
      gate.project,
      gate.name,
      JSON.stringify(gate.request),
      gate.requestHash,
      JSON.stringify(gate.plan),
      gate.workflowId,
    ],
  );

/** Found out with the verdict at hand, the head would be run and paid for in vain. */
async function requireBase(on: Queryable, base: GatePlan['base']): Promise<void> {
  if (base.kind !== 'baseline' || (await findBaselineById(on, base.baselineId)) !== undefined) {
    return;
  }
  throw new AssayError('BASELINE_NOT_FOUND', `The baseline "${base.name}" was just deleted.`, {
    mend: 'See `assay baseline list`.',
  });
}

/** The gate of a name, if there is one. */
export async function findGate(
  on: Queryable,
  of: { readonly project: string; readonly name: string },
): Promise<GateRecord | undefined> {
  const [row] = await rowsOf<GateRow>(on, `select ${columns} from assay.gates where id = $1`, [
    `${of.project}/${of.name}`,
  ]);
  return row === undefined ? undefined : gateOfRow(row);
}

/** @throws AssayError GATE_NOT_FOUND */
export async function getGate(on: Queryable, id: string): Promise<GateRecord> {
  const [row] = await rowsOf<GateRow>(on, `select ${columns} from assay.gates where id = $1`, [id]);
  if (row !== undefined) return gateOfRow(row);
  throw new AssayError('GATE_NOT_FOUND', `There is no gate "${id}".`);
}

/** The newest gates of a project. */
export async function listGates(
  on: Queryable,
  of: { readonly project: string; readonly limit: number },
): Promise<readonly GateRecord[]> {
  const rows = await rowsOf<GateRow>(
    on,
    `select ${columns} from assay.gates where project = $1 order by created_at desc, id desc limit $2`,
    [of.project, Math.min(of.limit, 1_000)],
  );
  return rows.map(gateOfRow);
}

/** A gate by its id, with its report where it was decided. */
export async function gateReport(on: Queryable, id: string): Promise<unknown> {
  const [row] = await rowsOf<{ report: Buffer | null }>(
    on,
    'select report from assay.gates where id = $1',
    [id],
  );
  if (row?.report === undefined || row.report === null) return undefined;
  return JSON.parse((await decompress(row.report)).toString('utf8'));
}

/** What earlier gates that published said of a run. */
export async function publishedReports(
  on: Queryable,
  experimentId: string,
): Promise<readonly unknown[]> {
  const rows = await rowsOf<{ report: Buffer }>(
    on,
    `select report from assay.gates
      where head_experiment_id = $1 and status = 'decided' and (plan ->> 'publish')::boolean`,
    [experimentId],
  );
  return Promise.all(
    rows.map(async ({ report }): Promise<unknown> =>
      JSON.parse((await decompress(report)).toString('utf8')),
    ),
  );
}

/**
 * Records a verdict. The first one stays: a repeated activity writes nothing.
 *
 * @returns when it was decided; undefined where that was done before.
 */
export async function decideGate(
  on: Queryable,
  decision: {
    readonly gateId: string;
    readonly verdict: Verdict;
    readonly headExperimentId: string;
    readonly report: unknown;
  },
): Promise<string | undefined> {
  const [row] = await rowsOf<{ decided_at: string }>(
    on,
    `update assay.gates
        set status = 'decided', verdict = $2, head_experiment_id = $3, report = $4, decided_at = clock_timestamp()
      where id = $1 and status = 'running' returning decided_at`,
    [
      decision.gateId,
      decision.verdict,
      decision.headExperimentId,
      await compress(JSON.stringify(decision.report)),
    ],
  );
  return row?.decided_at;
}

/** Records that a gate is over; one without a verdict failed. Repeating it writes the same again. */
export async function finishGate(
  on: Queryable,
  gateId: string,
  error: ErrorDocument | undefined,
): Promise<void> {
  await countOf(
    on,
    `update assay.gates
        set status = case when status = 'running' then 'failed' else status end,
            error = coalesce($2::json, error), finished_at = coalesce(finished_at, clock_timestamp())
      where id = $1`,
    [gateId, error === undefined ? null : JSON.stringify(error)],
  );
}

// Both times are of Postgres' clock, and a verdict holds a lock that keeps passes from opening until it is recorded.
const laterPass = `lateral (
  select pass, kind, created_at from assay.experiment_passes p
   where p.experiment_id = g.head_experiment_id and p.kind <> 'verify' and p.created_at > g.decided_at
   order by pass limit 1)`;

/** The last verdict that was published on a run. */
export interface StandingVerdict {
  /** As it was recorded, with all that it rests on. */
  readonly report: unknown;
  /** The first pass that gave the run other scores since then. */
  readonly before: LaterPass | undefined;
}

export async function standingVerdict(
  on: Queryable,
  experimentId: string,
): Promise<StandingVerdict | undefined> {
  const [row] = await rowsOf<{
    readonly report: Buffer;
    readonly pass: number | null;
    readonly kind: LaterPass['kind'];
    readonly created_at: string;
  }>(
    on,
    `select g.report, later.pass, later.kind, later.created_at
       from assay.gates g left join ${laterPass} later on true
      where g.head_experiment_id = $1 and g.status = 'decided' and (g.plan ->> 'publish')::boolean
      order by g.decided_at desc limit 1`,
    [experimentId],
  );
  if (row === undefined) return undefined;
  const { pass, kind, created_at: startedAt } = row;
  return {
    report: JSON.parse((await decompress(row.report)).toString('utf8')) as unknown,
    before: pass === null ? undefined : { pass, kind, startedAt },
  };
}

/** What a gate said of a run. */
export interface RunVerdict {
  /** Of the gate. */
  readonly name: string;
  readonly verdict: Verdict;
  readonly decidedAt: string;
  /** The first pass that gave the run other scores since then: the verdict is on those before it. */
  readonly beforePass: number | null;
}

/** What gates said of a run, the newest first; those that were only looked at are left out. */
export async function verdictsOf(
  on: Queryable,
  experimentId: string,
): Promise<readonly RunVerdict[]> {
  return rowsOf(
    on,
    `select g.name, g.verdict, g.decided_at as "decidedAt", later.pass as "beforePass"
       from assay.gates g left join ${laterPass} later on true
      where g.head_experiment_id = $1 and (g.plan ->> 'publish')::boolean
      order by g.decided_at desc limit 20`,
    [experimentId],
  );
}
