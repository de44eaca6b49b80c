import type { ReportComparison } from '../../contracts/report/comparison.js';
import type { GateReport } from '../../core/gate/gate-report.js';
import { changedItem, type ItemChanges, type ReportCell } from '../../core/report/index.js';
import type { Platform } from '../../platforms/port.js';
import type { StoredCell } from '../../store/cell-results.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import { shownCells } from '../../store/shown-cells.js';
import type { RegressionPorts } from './ports.js';

/** The head against its base as its report tells it, with the outputs of the items that changed most beside each other. */
export async function reportComparison(
  of: {
    readonly report: GateReport;
    readonly changes: ItemChanges;
    readonly head: ExperimentRecord;
    /** The run of the base; that of a baseline may have been retried or pruned since, and then has other outputs or none. */
    readonly base: ExperimentRecord;
  },
  { store, platforms }: Pick<RegressionPorts, 'store' | 'platforms'>,
): Promise<ReportComparison> {
  const { report, changes, head, base } = of;
  const ids = changes.listed.map(({ itemId }) => itemId);
  const [ofHead, ofBase] = await Promise.all(
    [head, base].map(async (run) => {
      const cells = await shownCells(store, run.id, ids);
      return (itemId: string): ReportCell | undefined => {
        const cell = cells.get(itemId);
        return cell === undefined ? undefined : toReportCell(cell, run, platforms);
      };
    }),
  );
  return {
    base: {
      experiment: report.base.run,
      baseline: report.base.kind === 'baseline' ? report.base.name : null,
      runUid: report.base.runUid,
      manifestHash: report.base.manifestHash,
      finishedAt: base.finishedAt ?? null,
    },
    result: report.comparison,
    judges: report.judges,
    changed: {
      worse: changes.worse,
      better: changes.better,
      listed: changes.listed.map((change) =>
        changedItem(change, { head: ofHead?.(change.itemId), base: ofBase?.(change.itemId) }),
      ),
    },
  };
}

function toReportCell(
  cell: StoredCell,
  { platformRuns }: ExperimentRecord,
  platforms: readonly Platform[],
): ReportCell {
  const { traceId } = cell;
  const [run] = platformRuns;
  const platform = platforms.find(({ name }) => name === run?.platform);
  return {
    ...cell,
    traceId: traceId ?? '',
    ...(traceId === undefined || run === undefined || platform === undefined
      ? {}
      : { traceUrl: platform.traceUrl(run.projectId, traceId, { ...cell, run }) }),
  };
}
