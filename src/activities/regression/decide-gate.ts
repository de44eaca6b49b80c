import type { GateActivities, GateDecision, GatePlan } from '../../contracts/gate-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { judgeShares } from '../../core/calibration/anchors.js';
import { comparedScores } from '../../core/gate/evaluators.js';
import type { GateReport } from '../../core/gate/gate-report.js';
import { headlineOf } from '../../core/gate/headline.js';
import { changedEvaluators, staleReasons } from '../../core/gate/staleness.js';
import { withEarlyStop } from '../../core/regression/stopped-comparison.js';
import { itemChanges, type ItemChanges } from '../../core/report/index.js';
import { verdictScores } from '../../core/gate/verdict-scores.js';
import { withSnapshot, withTransaction } from '../../store/store.js';
import { getExperiment, type ExperimentRecord } from '../../store/experiments.js';
import { putVerdictScores } from '../../store/gate-scores.js';
import {
  decideGate,
  gateReport,
  getGate,
  publishedReports,
  type GateRecord,
} from '../../store/gates.js';
import { anchorRounds } from '../experiment/anchors.js';
import { platformNamed } from '../experiment/run-platforms.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import { refuseStale } from './admit-gate.js';
import { isAnswer } from './answer.js';
import { compareInThread } from './compare-in-thread.js';
import { baseSide, sideOfRun, type Side } from './compared-sides.js';
import { loadLabels, loadSides } from './load-sides.js';
import type { RegressionPorts } from './ports.js';
import { reportComparison } from './report-comparison.js';
import { endedWell, type EndedRun } from './sides.js';
import { stoppedRun } from './stopped-run.js';
import { unchangedRun } from './unchanged-run.js';
import { writeToReport } from './verdict-in-report.js';

/**
 * Compares both sides of a gate and records the verdict, together with the scores that go to the platform: one transaction, so
 * that a verdict is sent if and only if it is recorded, and once.
 */
export function createDecideGate(ports: RegressionPorts): GateActivities['decideGate'] {
  return ({ gateId }) =>
    withHeartbeat(async (beat): Promise<GateDecision> => {
      const gate = await getGate(ports.store, gateId);
      const plan = planOf(gate);
      const run = await getExperiment(ports.store, plan.head.experimentId);
      const platforms = plan.publish ? run.platformRuns.map(({ platform }) => platform) : [];
      if (gate.status === 'decided') {
        const report = (await gateReport(ports.store, gateId)) as GateReport;
        return decided(report, platforms);
      }
      try {
        const head = endedWell(run, gateId);
        const compared = await compare(gate, { plan, head, ports, beat });
        await record(gate, { ...compared, head, ports });
        return decided(compared.report, platforms);
      } catch (error) {
        if (!isAnswer(error)) throw error;
        return { outcome: 'refused', error: error.toJSON() };
      }
    });
}

const decided = (report: GateReport, platforms: readonly string[]): GateDecision => ({
  outcome: 'decided',
  verdict: report.verdict,
  headline: headlineOf(report),
  platforms,
});

function planOf({ id, plan }: GateRecord): GatePlan {
  if (plan === undefined) throw new AssayError('INTERNAL', `"${id}" has no plan.`);
  return plan;
}

/** What a comparison came to. */
interface Compared {
  readonly report: GateReport;
  readonly changes: ItemChanges;
  /** The run of the base. */
  readonly base: ExperimentRecord;
  /** The last pass over the head that it is of. */
  readonly pass: number;
}

async function compare(
  gate: GateRecord,
  on: {
    readonly plan: GatePlan;
    readonly head: EndedRun;
    readonly ports: RegressionPorts;
    readonly beat: Beat;
  },
): Promise<Compared> {
  const { plan, ports, beat } = on;
  const { policy } = plan;
  const { store } = ports;
  const head = sideOfRun(on.head);
  const base = await baseSide(plan, store);
  refuseStale(`The base "${base.told.name}"`, {
    base: base.manifest,
    head: head.manifest,
    policy,
    ...(base.told.kind === 'baseline' ? { name: base.told.name } : {}),
  });
  const pointers = [
    ...policy.slices.map(({ by }) => by),
    ...(policy.cluster === undefined ? [] : [policy.cluster]),
  ];
  const { sides, labels, pass } = await withSnapshot(store, async (tx) => {
    if (base.cells.kind === 'run') await unchangedRun(tx, endedWell(base.run));
    return {
      pass: await unchangedRun(tx, on.head),
      sides: await loadSides(tx, {
        head: head.cells,
        base: base.cells,
        sameItems: base.manifest.dataset.itemsHash === head.manifest.dataset.itemsHash,
        endedEarly: on.head.earlyStop !== undefined,
        beat,
      }),
      labels: await loadLabels(tx, on.head.id, [...new Set(pointers)]),
    };
  });
  if (base.pinned !== undefined && base.pinned !== sides.cells.base) {
    // Its cells were replaced while they were read.
    throw new AssayError(
      'BASELINE_STALE',
      `The baseline "${base.told.name}" was renewed just now.`,
      {
        retryAfterMs: 1_000,
      },
    );
  }
  const { evaluators, notes } = comparedScores({
    head: head.manifest.evaluators,
    base: base.manifest.evaluators,
    scores: [...sides.head.scores.keys(), ...sides.base.scores.keys()],
    changed: changedEvaluators(base.manifest, head.manifest),
    policy,
  });
  beat.tell({ step: 'compare', evaluators: evaluators.length });
  const compared = await compareInThread(
    { head: sides.head, base: sides.base, evaluators, policy, labels },
    beat.cancelled,
  );
  const stop = await stoppedRun(on.head, store);
  const comparison = stop === undefined ? compared : withEarlyStop(compared, stop);
  const { changedItems } = sides;
  const changes = itemChanges({ head: sides.head, base: sides.base, result: comparison });
  const report: GateReport = {
    format: 'assay-gate',
    version: 1,
    project: gate.project,
    name: gate.name,
    dataset: head.manifest.dataset.name,
    verdict: comparison.verdict,
    head: { ...head.told, cells: sides.cells.head },
    base: { ...base.told, cells: sides.cells.base },
    policy,
    stale: staleReasons(base.manifest, head.manifest),
    changedItems: { n: changedItems.length, ids: changedItems.slice(0, 1_000) },
    notes,
    judges: await sharesOf({ head, base }, ports),
    comparison,
  };
  return { report, changes, base: base.run, pass };
}

/** Anchors are of the run that a side is of: a baseline's were asked when its run was made. */
async function sharesOf(
  { head, base }: { readonly head: Side; readonly base: Side },
  ports: RegressionPorts,
): Promise<GateReport['judges']> {
  const [ofHead, ofBase] = await Promise.all(
    [head, base].map(async ({ manifest, run }) => ({
      experiment: run.name,
      evaluators: manifest.evaluators,
      rounds: await anchorRounds(ports, run.id),
    })),
  );
  return ofHead === undefined || ofBase === undefined ? [] : judgeShares(ofBase, ofHead);
}

async function record(
  gate: GateRecord,
  on: Compared & { readonly head: EndedRun; readonly ports: RegressionPorts },
): Promise<void> {
  const { report, head, ports } = on;
  const publish = planOf(gate).publish;
  // Before the verdict counts: repeating it writes the same again.
  if (publish) {
    const comparison = await reportComparison(on, ports);
    await unchangedRun(ports.store, head, { pass: on.pass });
    await writeToReport(ports.store, { experimentId: head.id, report, comparison });
  }
  await withTransaction(ports.store, async (tx) => {
    await unchangedRun(tx, head, { pass: on.pass, locked: true });
    const before = publish ? await publishedReports(tx, head.id) : [];
    const decidedAt = await decideGate(tx, {
      gateId: gate.id,
      verdict: report.verdict,
      headExperimentId: head.id,
      report,
    });
    const { context } = head;
    if (decidedAt === undefined || !publish || context === undefined) return;
    for (const run of head.platformRuns) {
      const platform = platformNamed(ports, run.platform);
      const encoded = (each: GateReport) =>
        platform.encodeRunScores({
          scores: verdictScores(each),
          run: { ...context, run },
          timestamp: decidedAt,
        });
      const earlier = (before as readonly GateReport[]).flatMap((each) =>
        encoded(each).flatMap(({ ids }) => ids),
      );
      const records = encoded(report);
      await putVerdictScores(tx, {
        experimentId: head.id,
        platform: run.platform,
        records,
        earlier,
      });
    }
  });
}
