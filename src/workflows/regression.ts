import {
  allHandlersFinished,
  CancellationScope,
  condition,
  ContinueAsNew,
  defineUpdate,
  isCancellation,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';

import type {
  GateAdmission,
  GateOutcome,
  GatePlan,
  RegressionInput,
} from '../contracts/gate-protocol.js';
import { AssayError, type ErrorDocument } from '../core/errors/assay-error.js';
import { admitUpdate } from '../core/experiment/naming.js';
import { gateStory, type GateStep } from '../core/gate/story.js';
import { failureDocument } from './failure-document.js';
import { regressionActivities, type RegressionProxies } from './regression-activities.js';
import { sendVerdict } from './regression-publishing.js';
import { untilEnded, untilSettled } from './regression-runs.js';

/** Tells whoever asked for the gate whether it was taken. */
export const admit = defineUpdate<GateAdmission>(admitUpdate);

/**
 * One gate: the runs that it needs, their comparison, and the verdict on its way to report and platform. The runs are those of
 * workflows of their own, started as anybody would start them: what is there already is attached to and not run again.
 */
export async function regression(input: RegressionInput): Promise<GateOutcome> {
  const { request } = input;
  const call = regressionActivities(request.project);
  const tell = (step: GateStep, detail?: string): void => {
    setCurrentDetails(gateStory({ name: request.name, step, detail }));
  };
  let admission: GateAdmission | undefined =
    input.admitted === undefined ? undefined : { outcome: 'admitted', ...input.admitted };
  setHandler(admit, async (): Promise<GateAdmission> => {
    await condition(() => admission !== undefined);
    // There by now: the condition held.
    return admission ?? { outcome: 'rejected', error: notAdmitted };
  });
  try {
    tell('admitting');
    admission ??= await admitted(input, call);
    return await conclude(admission, { input, call, tell });
  } finally {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

// As the type that it was started as: what a schedule started has another end than what somebody waits for.
const continueGate = makeContinueAsNewFunc<typeof regression>();

const notAdmitted = new AssayError('INTERNAL', 'The gate was not admitted.').toJSON();

async function admitted(
  { request }: RegressionInput,
  call: RegressionProxies,
): Promise<GateAdmission> {
  try {
    return await call.control.admitGate({ request });
  } catch (error) {
    if (isCancellation(error)) throw error;
    // What no repetition mends: whoever waits for the answer must get one.
    return { outcome: 'rejected', error: failureDocument(error) };
  }
}

interface Gate {
  readonly input: RegressionInput;
  readonly call: RegressionProxies;
  readonly tell: (step: GateStep, detail?: string) => void;
}

async function conclude(admission: GateAdmission, gate: Gate): Promise<GateOutcome> {
  if (admission.outcome === 'known') return admission.result;
  if (admission.outcome === 'rejected') {
    gate.tell('rejected', admission.error.message);
    return admission;
  }
  const { gateId, plan } = admission;
  try {
    return await drive({ gateId, plan }, gate);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const document = isCancellation(error) ? cancelled : failureDocument(error);
    return await CancellationScope.nonCancellable(() => fail(gateId, document, gate));
  }
}

const cancelled = new AssayError('GATE_RUN_FAILED', 'The gate was cancelled.', {
  mend: 'Its runs go on by themselves: cancel them as well, or gate them again.',
}).toJSON();

async function fail(
  gateId: string,
  error: ErrorDocument,
  { call, tell }: Gate,
): Promise<GateOutcome> {
  tell('failed', error.message);
  return call.control.finishGate({ gateId, error });
}

async function drive(
  { gateId, plan }: { readonly gateId: string; readonly plan: GatePlan },
  gate: Gate,
): Promise<GateOutcome> {
  const { input, call, tell } = gate;
  const runs = plan.policy.earlyStop === true ? runInTurn : runTogether;
  const ran = await runs({ gateId, plan }, gate);
  if (ran === 'long') {
    // Its history has grown long: the next execution finds the runs as they are.
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    return continueGate({ ...input, admitted: { gateId, plan } });
  }
  if (ran !== 'ended') return fail(gateId, ran, gate);
  tell('comparing');
  const decision = await call.control.decideGate({ gateId });
  if (decision.outcome === 'refused') return fail(gateId, decision.error, gate);
  const { verdict, headline, platforms } = decision;
  tell('publishing', headline);
  await sendVerdict({ gateId, experimentId: plan.head.experimentId, platforms }, call);
  await call.control.finishGate({ gateId });
  tell('decided', headline);
  return { outcome: 'decided', gateId, verdict, headline };
}

/** How the runs of a gate came out; a document says what stands in the way. */
type Ran = 'ended' | 'long' | ErrorDocument;
interface Admitted {
  readonly gateId: string;
  readonly plan: GatePlan;
}

/** Runs head and base beside each other. */
async function runTogether({ plan }: Admitted, { call, tell }: Gate): Promise<Ran> {
  const sides = [plan.head, plan.base].flatMap((side) => (side.kind === 'run' ? [side] : []));
  tell('running', sides.map(({ name }) => name).join(', '));
  for (const { spec } of sides) {
    // One after the other: where the head cannot be run, no base is paid for.
    const refusal = spec === undefined ? undefined : await submitted(spec, call);
    if (refusal !== undefined) return refusal;
  }
  for (const { experimentId, name } of sides) {
    const ended = await untilEnded(experimentId, { call, summary: `until ${name} has ended` });
    if (!ended) return 'long';
  }
  return 'ended';
}

/** Runs the base to its end, then the head for as long as its verdict is open: it can only be held against what is complete. */
async function runInTurn({ gateId, plan }: Admitted, { input, call, tell }: Gate): Promise<Ran> {
  const { head, base } = plan;
  if (base.kind === 'run') {
    tell('running', base.name);
    const refusal = base.spec === undefined ? undefined : await submitted(base.spec, call);
    if (refusal !== undefined) return refusal;
    const { experimentId, name } = base;
    if (!(await untilEnded(experimentId, { call, summary: `until ${name} has ended` })))
      return 'long';
    const { status, error } = await call.control.lookAtRun({ experimentId });
    if (status === 'failed' || status === 'cancelled') return baseFailed(name, status, error);
  }
  tell('running', head.name);
  const refusal = head.spec === undefined ? undefined : await submitted(head.spec, call);
  if (refusal !== undefined) return refusal;
  const { name } = head;
  const summary = `until ${name} has ended or is settled`;
  const { project } = input.request;
  return (await untilSettled({ gateId, project, name }, { call, summary })) ? 'ended' : 'long';
}

// No head is paid for that could be compared with nothing.
const baseFailed = (name: string, status: string, error: ErrorDocument | undefined) =>
  new AssayError('GATE_RUN_FAILED', `"${name}" ended as ${status}.`, {
    ...(error === undefined
      ? {}
      : { problems: [{ at: error.code, message: error.message }, ...error.problems] }),
    mend: 'Mend what stopped it, then retry it (`assay experiment retry --skipped`) and gate it again.',
  }).toJSON();

/** What stands in the way of a run; undefined where it runs, or has ended. */
async function submitted(
  spec: NonNullable<GatePlan['head']['spec']>,
  call: RegressionProxies,
): Promise<ErrorDocument | undefined> {
  const reply = await call.outside.submitRun.executeWithOptions({ summary: spec.name }, [{ spec }]);
  switch (reply.outcome) {
    case 'started':
    case 'attached':
      return undefined;
    case 'rejected':
      return reply.error;
    case 'conflict':
      return new AssayError(
        'EXPERIMENT_CONFLICT',
        `"${spec.name}" exists (${reply.status}) with another content.`,
        {
          problems: reply.differences.map(({ at, recorded, submitted: asked }) => ({
            at,
            message: `recorded ${recorded}, submitted ${asked}`,
          })),
          mend: 'Choose another name for the gate: its run has the same one.',
        },
      ).toJSON();
  }
}
