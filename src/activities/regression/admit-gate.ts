import type { BaselineRecord } from '../../contracts/baseline.js';
import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { GatePolicy } from '../../contracts/gate.js';
import type { GateActivities, GatePlan, GateRequest } from '../../contracts/gate-protocol.js';
import type { Manifest } from '../../contracts/manifest.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { experimentId, gateWorkflowId } from '../../core/experiment/naming.js';
import { canDecide } from '../../core/gate/deciding.js';
import { marginsNeeded, unknownEvaluators } from '../../core/gate/evaluators.js';
import { gatePolicy } from '../../core/gate/policy.js';
import { gateRequestHash, isSameGate, requestDifferences } from '../../core/gate/same-request.js';
import { isVerdictScore } from '../../core/gate/verdict-name.js';
import { staleReasons } from '../../core/gate/staleness.js';
import { findPromoted, markStale } from '../../store/baselines/rows.js';
import { findGate, recordGate, type GateRecord } from '../../store/gates.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import { resolveExperiment } from '../experiment/resolve.js';
import { platformsNamed } from '../experiment/run-platforms.js';
import { isAnswer } from './answer.js';
import { getBaseline } from './baselines.js';
import { unknownFields } from './fields.js';
import { outcomeOf } from './gate-outcome.js';
import type { RegressionPorts } from './ports.js';
import { endedWell, existingRun } from './sides.js';

/**
 * Decides about a gate before anything is paid for: what is wrong with it, that its base is there, and that the base can be
 * compared with what a run of now would be.
 */
export function createAdmitGate(ports: RegressionPorts): GateActivities['admitGate'] {
  return ({ request }) =>
    withHeartbeat(async (beat) => {
      try {
        const known = await findGate(ports.store, request);
        if (known !== undefined && known.status !== 'failed') {
          return admitted(known, request);
        }
        const plan = await planGate(request, { ports, beat });
        const { project, name } = request;
        const workflowId = gateWorkflowId(project, name);
        const gate = await recordGate(ports.store, {
          project,
          name,
          request,
          requestHash: gateRequestHash(request),
          plan,
          workflowId,
        });
        return admitted(gate, request);
      } catch (error) {
        // Whoever asks is waiting for the answer: what stands in the way is told, not tried again.
        if (!isAnswer(error)) throw error;
        return { outcome: 'rejected', error: error.toJSON() };
      }
    });
}

/** @throws AssayError GATE_CONFLICT */
function admitted(
  gate: GateRecord,
  request: GateRequest,
): Awaited<ReturnType<GateActivities['admitGate']>> {
  if (!isSameGate(gate, request)) {
    throw new AssayError(
      'GATE_CONFLICT',
      `The gate "${gate.name}" (${gate.verdict ?? gate.status}) was asked for something else.`,
      {
        problems: requestDifferences(gate.request, request),
        mend: 'Choose another name. To look at its run with other margins: `assay gate compare`.',
      },
    );
  }
  if (gate.status === 'decided' && gate.finishedAt !== undefined) {
    return { outcome: 'known', result: outcomeOf(gate) };
  }
  if (gate.plan === undefined) throw new AssayError('INTERNAL', `"${gate.id}" has no plan.`);
  return { outcome: 'admitted', gateId: gate.id, plan: gate.plan };
}

interface Admission {
  readonly ports: RegressionPorts;
  readonly beat: Beat;
}

/** What the head is, or will be. */
interface Head {
  readonly side: GatePlan['head'];
  readonly manifest: Manifest;
}

async function planGate(request: GateRequest, on: Admission): Promise<GatePlan> {
  const policy = gatePolicy(on.ports.project.config.gate, request.settings);
  const head = await headOf(request, on);
  const problems = [
    ...policyProblems(request, head.manifest, on.ports),
    ...marginsNeeded(head.manifest.evaluators, policy),
    ...(await unknownFields(request, head.side, on)),
    ...baseTargetProblems(request, on.ports),
    ...earlyStopProblems(request, { policy, manifest: head.manifest }),
  ];
  if (problems.length > 0) {
    throw new AssayError('GATE_INVALID', 'What was asked of the gate has problems.', { problems });
  }
  const base = await baseOf(request, { head, policy, ports: on.ports });
  return { policy, head: head.side, base, publish: request.publish };
}

async function headOf(
  { project, head, publish }: GateRequest,
  { ports, beat }: Admission,
): Promise<Head> {
  if (head.kind === 'run') {
    const run = endedWell(await existingRun(ports.store, { project, name: head.name }));
    // Found out with the verdict in hand, it would be waited for and nobody told.
    const platforms = run.platformRuns.map(({ platform }) => platform);
    if (publish) platformsNamed(ports, platforms);
    return {
      side: { kind: 'run', experimentId: run.id, name: run.name },
      manifest: run.manifest,
    };
  }
  const { manifest, spec } = await resolveExperiment(head.spec, ports, {
    signal: beat.cancelled,
    onItems: (items) => {
      beat.tell({ step: 'dataset', items });
    },
  });
  const { name } = head.spec;
  return {
    // With the dataset's version pinned, so that both runs are over the same items.
    side: { kind: 'run', experimentId: experimentId(project, name), name, spec },
    manifest,
  };
}

/** Names that mean nothing here: of the config where it knows no such evaluator, of the request where the run has none. */
function policyProblems(
  { settings }: GateRequest,
  { evaluators }: Manifest,
  { project: { config } }: RegressionPorts,
): readonly Problem[] {
  const tell = (where: string, named: readonly string[], known: readonly string[]): Problem[] =>
    unknownEvaluators(named, known).map((name) => ({
      at: `${where}.evaluators.${name}`,
      message: 'is no evaluator of the run',
      mend: `Known: ${known.join(', ')}.`,
    }));
  const known = Object.keys(config.evaluators);
  return [
    // Of a run from before these names were reserved: its own scores and those of the verdict would take each other's place.
    ...evaluators
      .filter(({ name }) => isVerdictScore(name))
      .map(({ name }) => ({
        at: 'head',
        message: `has an evaluator "${name}", and names such as this one are those of verdicts`,
        mend: 'Run it again with the evaluator under another name.',
      })),
    ...tell('config.gate', Object.keys(config.gate.evaluators ?? {}), known),
    ...tell(
      'settings',
      Object.keys(settings.evaluators ?? {}),
      evaluators.map(({ name }) => name),
    ),
  ];
}

/** What an early end could never be settled with: the run would be paid for whole, and nobody told why. */
function earlyStopProblems(
  { head }: GateRequest,
  of: { readonly policy: GatePolicy; readonly manifest: Manifest },
): readonly Problem[] {
  const { earlyStop, missing, evaluators } = of.policy;
  if (earlyStop !== true || head.kind !== 'start') return [];
  const decides = of.manifest.evaluators.some(
    ({ name, required }) =>
      evaluators[name]?.required ??
      (required ||
        Object.entries(evaluators).some(
          ([score, { required: own }]) => own === true && score.startsWith(`${name}.`),
        )),
  );
  return [
    ...(missing === 'exclude'
      ? [
          {
            at: 'settings.missing',
            message:
              'leaves out cells without a score, of which nobody knows how many are still to come',
            mend: 'Use --missing worst with --early-stop.',
          },
        ]
      : []),
    ...(decides
      ? []
      : [
          {
            at: 'settings.earlyStop',
            message:
              'no score decides: cost and latency have no bounds, so that their end cannot be foreseen',
            mend: 'Make an evaluator required, or leave early stop out.',
          },
        ]),
  ];
}

function baseTargetProblems(
  { base }: GateRequest,
  { project: { config } }: RegressionPorts,
): readonly Problem[] {
  if (base.kind !== 'start' || Object.hasOwn(config.targets, base.target)) return [];
  return [
    {
      at: 'base.target',
      message: `names "${base.target}", which is not in targets`,
      mend: `Known: ${Object.keys(config.targets).join(', ')}.`,
    },
  ];
}

async function baseOf(
  request: GateRequest,
  on: { readonly head: Head; readonly policy: GatePolicy; readonly ports: RegressionPorts },
): Promise<GatePlan['base']> {
  const { project, base } = request;
  const { head, policy, ports } = on;
  switch (base.kind) {
    case 'start': {
      refuseUndecided(head.manifest, { head, policy });
      const spec = baseSpec(head, { name: `${request.name}-base`, target: base.target });
      return { kind: 'run', experimentId: experimentId(project, spec.name), name: spec.name, spec };
    }
    case 'run': {
      const run = endedWell(await existingRun(ports.store, { project, name: base.name }));
      const what = `The run "${run.name}"`;
      refuseOtherDataset(what, run.manifest, head.manifest);
      refuseStale(what, { base: run.manifest, head: head.manifest, policy });
      refuseUndecided(run.manifest, { head, policy });
      return { kind: 'run', experimentId: run.id, name: run.name };
    }
    case 'baseline': {
      const baseline = await baselineOf(request, { head, ports });
      const { id, name, version, run, manifest } = baseline;
      const what = `The baseline "${name}"`;
      refuseOtherDataset(what, manifest, head.manifest);
      const reasons = staleReasons(manifest, head.manifest);
      // A run of long ago says nothing about today, nor does a sample about its dataset.
      if (head.side.spec !== undefined && head.manifest.dataset.sample === undefined) {
        await markStale(ports.store, { baselineId: id, version }, reasons);
      }
      refuseStale(what, { base: manifest, head: head.manifest, policy, name });
      refuseUndecided(manifest, { head, policy });
      return { kind: 'baseline', baselineId: id, name, version, run };
    }
  }
}

/** @throws AssayError GATE_INVALID */
function refuseUndecided(
  base: Manifest,
  { head, policy }: { readonly head: Head; readonly policy: GatePolicy },
): void {
  if (canDecide({ head: head.manifest, base, policy })) return;
  throw new AssayError('GATE_INVALID', 'What was asked of the gate has problems.', {
    problems: [
      {
        at: 'evaluators',
        message: 'Nothing that both sides have is required, so that nothing could be decided.',
        mend: 'Make one of the evaluators that the base has required, or save a baseline with those of today first.',
      },
    ],
  });
}

/** @throws AssayError BASELINE_NOT_FOUND */
async function baselineOf(
  { project, base }: GateRequest,
  { head, ports }: { readonly head: Head; readonly ports: RegressionPorts },
): Promise<BaselineRecord> {
  if (base.kind === 'baseline' && base.name !== undefined) {
    return getBaseline(ports.store, { project, name: base.name });
  }
  const dataset = head.manifest.dataset.name;
  const promoted = await findPromoted(ports.store, { project, dataset });
  if (promoted !== undefined) return promoted;
  throw new AssayError('BASELINE_NOT_FOUND', `No baseline of "${dataset}" is promoted.`, {
    mend: 'Save one with `assay baseline save <run> --promote`, name one with --baseline, or have the base run as well with --base-target.',
  });
}

/** As the head's, but for the target: the same items, evaluators, repetitions and order. */
function baseSpec(
  { side, manifest }: Head,
  { name, target }: { readonly name: string; readonly target: string },
): ExperimentSpec {
  if (side.spec === undefined) throw new AssayError('INTERNAL', 'A closed head starts no base.');
  return {
    ...side.spec,
    name,
    target,
    evaluators: manifest.evaluators.map((each) => each.name),
  };
}

function refuseOtherDataset(what: string, base: Manifest, head: Manifest): void {
  if (base.dataset.name === head.dataset.name) return;
  throw new AssayError(
    'BASELINE_OTHER_DATASET',
    `${what} is of the dataset "${base.dataset.name}", and the run of "${head.dataset.name}".`,
    { mend: 'Items are compared by their ids: name a base of the same dataset.' },
  );
}

/** @throws AssayError BASELINE_STALE, where the policy refuses it. */
export function refuseStale(
  what: string,
  on: {
    readonly base: Manifest;
    readonly head: Manifest;
    readonly policy: GatePolicy;
    /** Of a baseline. */
    readonly name?: string;
  },
): void {
  const reasons = staleReasons(on.base, on.head);
  if (reasons.length === 0 || on.policy.stale === 'compare') return;
  const judged = reasons.every(({ at }) => at !== 'dataset');
  const renew =
    on.name === undefined
      ? '`assay experiment rejudge`'
      : '`assay baseline rejudge`, or `assay experiment rejudge` where the run is the older one';
  throw new AssayError('BASELINE_STALE', `${what} cannot be compared with the run as a whole.`, {
    problems: reasons,
    mend: judged
      ? `Judge its stored outputs with the evaluators of today: ${renew}.`
      : 'Save a baseline from a run over the dataset of today, or compare what is unchanged with --stale compare.',
  });
}
