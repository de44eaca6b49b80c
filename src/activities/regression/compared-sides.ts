import type { GatePlan } from '../../contracts/gate-protocol.js';
import type { Manifest } from '../../contracts/manifest.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { GateReportSide } from '../../core/gate/gate-report.js';
import { findBaselineById } from '../../store/baselines/rows.js';
import { getExperiment, type ExperimentRecord } from '../../store/experiments.js';
import type { Store } from '../../store/store.js';
import type { SideCells } from './load-sides.js';
import { endedWell, type EndedRun } from './sides.js';

/** A side of a gate with what is told of it. */
export interface Side {
  readonly cells: SideCells;
  readonly manifest: Manifest;
  /** How many cells there must be, where that is known. */
  readonly pinned?: number;
  readonly told: Omit<GateReportSide, 'cells'>;
  readonly run: ExperimentRecord;
}

/** A run as a side. */
export function sideOfRun(run: EndedRun): Side {
  return {
    cells: { kind: 'run', experimentId: run.id },
    manifest: run.manifest,
    run,
    told: {
      kind: 'run',
      name: run.name,
      run: run.name,
      runUid: run.runUid,
      manifestHash: run.manifestHash ?? '',
      ...toldOf(run.manifest),
    },
  };
}

const toldOf = ({ target, dataset, repetitions }: Manifest) => ({
  target: target.name,
  items: dataset.items,
  repetitions,
});

/** The base of a gate, which is complete. @throws AssayError BASELINE_NOT_FOUND, EXPERIMENT_RUNNING, GATE_RUN_FAILED */
export async function baseSide({ base }: GatePlan, store: Store): Promise<Side> {
  if (base.kind === 'run')
    return sideOfRun(endedWell(await getExperiment(store, base.experimentId)));
  const baseline = await findBaselineById(store, base.baselineId);
  if (baseline === undefined) {
    throw new AssayError('BASELINE_NOT_FOUND', `The baseline "${base.name}" is gone.`);
  }
  return {
    cells: { kind: 'baseline', baselineId: baseline.id, version: baseline.version },
    manifest: baseline.manifest,
    pinned: baseline.cells,
    run: await getExperiment(store, baseline.experimentId),
    told: {
      kind: 'baseline',
      name: baseline.name,
      run: baseline.run,
      runUid: baseline.runUid,
      manifestHash: baseline.manifestHash,
      ...toldOf(baseline.manifest),
    },
  };
}
