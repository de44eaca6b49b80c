import type { AdmittedPlan } from '../../contracts/experiment-protocol.js';
import type { PassRecord, PassRef } from '../../contracts/pass.js';

/** A pass as a workflow and its batches know it. */
export function passRef({ pass, kind, request }: PassRecord): PassRef {
  return {
    number: pass,
    kind,
    ...(request.kind === 'verify' && request.repair ? { repair: true } : {}),
  };
}

const doing = {
  retry: (cells: number) => `retry of ${cells} cells`,
  rejudge: (cells: number) => `re-judging ${cells} cells`,
  extend: (cells: number) => `${cells} more cells`,
  verify: () => 'another look at the platforms',
} as const;

/** A run's plan where a pass over it goes on: only the rows of the pass are run. */
export function planOfPass(plan: AdmittedPlan, pass: PassRecord | undefined): AdmittedPlan {
  if (pass === undefined) return plan;
  return {
    ...plan,
    pass: passRef(pass),
    planned: pass.cells,
    summary: `${plan.summary}; pass ${pass.pass}: ${doing[pass.kind](pass.cells)}`,
    // Who asks for a look means all of it, also where the run was told not to verify.
    ...(pass.kind === 'verify' ? { verify: 'full' as const } : {}),
  };
}
