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
import { untilEnded } from './regression-runs.js';

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
  const sides = [plan.head, plan.base].flatMap((side) => (side.kind === 'run' ? [side] : []));
  tell('running', sides.map(({ name }) => name).join(', '));
  for (const { spec } of sides) {
    // One after the other: where the head cannot be run, no base is paid for.
    const refusal = spec === undefined ? undefined : await submitted(spec, call);
    if (refusal !== undefined) return fail(gateId, refusal, gate);
  }
  for (const { experimentId, name } of sides) {
    const ended = await untilEnded(experimentId, { call, summary: `until ${name} has ended` });
    // Its history has grown long: the next execution finds the runs as they are.
    if (!ended) {
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
      return continueGate({ ...input, admitted: { gateId, plan } });
    }
  }
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
