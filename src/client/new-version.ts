import type { SubmitReply } from '../contracts/experiment-protocol.js';
import type { ExperimentSpec } from '../contracts/experiment-spec.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { differenceProblem } from '../core/json/differences.js';
import { defaultBackend } from '../core/platforms/backend.js';
import { nextVersion, versionedName } from '../core/experiment/version-name.js';
import { versionsOf } from '../store/experiment-versions.js';
import type { Store } from '../store/store.js';

/** The run that has the name already, and how it differs from what was submitted. */
export interface ForkedFrom {
  readonly name: string;
  readonly differences: readonly Problem[];
}

/** A submission that found another content under its name. */
export type Conflict = SubmitReply & { readonly outcome: 'conflict' };

/** How a conflict's differences are told. */
export function differencesOf({ differences }: Conflict): readonly Problem[] {
  return differences.map(differenceProblem);
}

/** More submissions than this in a row that all lose their name to others are no race any more. */
const tries = 20;

/**
 * Submits under the next name of the form `{name}-v2`, `-v3`, …: the one that has this very content already, else the first that
 * is free. The workflow of each name decides, so two submissions at once of one content become one run, and two of different
 * contents take a name each; whoever loses looks again.
 *
 * @throws AssayError EXPERIMENT_CONFLICT, NAME_INVALID, and what `submit` throws
 */
export async function submitNewVersion(
  spec: ExperimentSpec,
  conflict: Conflict,
  by: {
    readonly store: Store;
    readonly submit: (spec: ExperimentSpec) => Promise<SubmitReply>;
  },
): Promise<{ readonly spec: ExperimentSpec; readonly reply: SubmitReply }> {
  const { base, from } = versionedName(spec.name);
  let { manifestHash, backend = defaultBackend } = conflict;
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const taken = await versionsOf(by.store, { project: spec.project, base, backend });
    const name = nextVersion({ base, from, taken, manifestHash });
    const next = { ...spec, name };
    const reply = await by.submit(next);
    if (reply.outcome !== 'conflict') return { spec: next, reply };
    ({ manifestHash, backend = defaultBackend } = reply);
  }
  throw new AssayError(
    'EXPERIMENT_CONFLICT',
    `${tries} versions of "${spec.name}" were taken by others in the meantime.`,
    { mend: 'Submit again, or under another name.' },
  );
}
