import { comparisonSchema, type ReportComparison } from '../../contracts/report/comparison.js';
import { reportSchema } from '../../contracts/report/report.js';
import type { GateReport } from '../../core/gate/gate-report.js';
import { gateMarkdown } from '../../core/gate/markdown.js';
import { canonicalJson, type Json } from '../../core/json/json.js';
import { getArtefact } from '../../store/artefacts.js';
import { standingVerdict } from '../../store/gates.js';
import type { Store } from '../../store/store.js';

/** What a verdict says in the report of its run. */
export interface StandingComparison {
  readonly comparison: ReportComparison;
  /** The verdict as markdown. */
  readonly section: string;
}

/**
 * The comparison of the last verdict on a run, for a report that is built anew after it. It is kept and not made again: a
 * verdict on other scores would be another one, which nobody asked for and no exit code has told. Where the run has got other
 * scores since, it says so.
 */
export async function standingComparison(
  store: Store,
  experimentId: string,
): Promise<StandingComparison | undefined> {
  const standing = await standingVerdict(store, experimentId);
  if (standing === undefined) return undefined;
  const { before } = standing;
  // Written by our own engine with the verdict.
  const report = standing.report as GateReport;
  const kept = await keptComparison(store, { experimentId, report });
  const { before: _before, ...comparison } = kept ?? withoutOutputs(report);
  return {
    comparison: before === undefined ? comparison : { ...comparison, before },
    section: gateMarkdown(report, before),
  };
}

/** That of the report as it stands, with the outputs of then; undefined where it is of no or of another verdict. */
async function keptComparison(
  store: Store,
  { experimentId, report }: { readonly experimentId: string; readonly report: GateReport },
): Promise<ReportComparison | undefined> {
  const kept = await getArtefact(store, { experimentId, name: 'report.json' });
  if (kept === undefined) return undefined;
  const figures = reportSchema.safeParse(JSON.parse(kept.body.toString('utf8')));
  const comparison = figures.success ? figures.data.comparison : null;
  if (comparison === null || comparison.base.runUid !== report.base.runUid) return undefined;
  return isSame(comparison.result, report.comparison) ? comparison : undefined;
}

/** By what the schema of reports knows: a verdict may hold more. */
function isSame(kept: ReportComparison['result'], decided: GateReport['comparison']): boolean {
  const result = comparisonSchema.shape.result.safeParse(decided);
  const text = (value: unknown): string => canonicalJson(JSON.parse(JSON.stringify(value)) as Json);
  return result.success && text(kept) === text(result.data);
}

const withoutOutputs = ({ base, comparison, judges }: GateReport): ReportComparison => ({
  base: {
    experiment: base.run,
    baseline: base.kind === 'baseline' ? base.name : null,
    runUid: base.runUid,
    manifestHash: base.manifestHash,
    finishedAt: null,
  },
  result: comparison,
  judges,
  changed: null,
});
