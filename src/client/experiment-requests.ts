import { schemaProblems } from '../contracts/schema-problems.js';
import {
  experimentSpecSchema,
  type ExperimentSpec,
  type ExperimentSpecInput,
} from '../contracts/experiment-spec.js';
import { isInFuture } from '../core/dataset/version.js';
import { AssayError } from '../core/errors/assay-error.js';

/** @throws AssayError CONCURRENCY_INVALID */
export function refuseConcurrency(concurrency: number): void {
  if (experimentSpecSchema.shape.concurrency.safeParse(concurrency).success) return;
  throw new AssayError('CONCURRENCY_INVALID', 'The concurrency is 1 to 2000 cells.', {
    mend: 'Give a whole number from 1 to 2000. To stop new cells, pause the run.',
  });
}

/** @throws AssayError BUDGET_INVALID */
export function refuseBudget(budgetUsd: number): void {
  if (budgetUsd > 0 && budgetUsd <= 1_000_000) return;
  throw new AssayError('BUDGET_INVALID', 'A budget is more than $0 and at most $1000000.', {
    mend: 'Give what the whole run may cost, in dollars.',
  });
}

/** @throws AssayError SPEC_INVALID, NAME_INVALID */
export function parseSpec(input: ExperimentSpecInput): ExperimentSpec {
  const parsed = experimentSpecSchema.safeParse(input);
  if (parsed.success) {
    refuseFutureVersion(parsed.data.dataset.version, 'dataset.version');
    return parsed.data;
  }
  const named = parsed.error.issues.every((issue) => issue.path[0] === 'name');
  throw new AssayError(
    named ? 'NAME_INVALID' : 'SPEC_INVALID',
    named ? 'The name of the experiment cannot be used.' : 'The specification has problems.',
    {
      problems: schemaProblems(parsed.error, 'spec'),
      ...(named ? { mend: nameMend } : {}),
    },
  );
}

/** @throws AssayError SPEC_INVALID */
export function refuseFutureVersion(version: string | undefined, at: string): void {
  if (version === undefined || !isInFuture(version, Date.now())) return;
  throw new AssayError('SPEC_INVALID', 'The version of the dataset lies in the future.', {
    problems: [{ at, message: `${version} is still to come: nobody knows how it will stand then` }],
    mend: 'Give a moment that is over, or none for the dataset as it is now.',
  });
}

const nameMend =
  'Choose a name of 1 to 200 printable characters, without / \\ < > " \' ` & and without spaces at its ends.';
