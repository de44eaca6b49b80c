import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { AssayError } from '../core/errors/assay-error.js';
import { platformMigrationWorkflowId } from '../core/experiment/naming.js';

const mend = 'What was written stays. The same command goes on with it.';

/** Of a move whose workflow was terminated, which had nobody left to say so in its row. */
export const terminated = (name: string): AssayError =>
  new AssayError('MIGRATION_CANCELLED', `The move "${name}" was terminated in Temporal.`, { mend });

/**
 * Whether the workflow of a move, whose row says that it runs, has ended all the same, and how. Undefined where it runs, and where
 * Temporal cannot be asked: then the row is what is known.
 */
export async function unsaidEnd(
  temporal: () => Promise<Client>,
  { project, name }: { readonly project: string; readonly name: string },
): Promise<AssayError | undefined> {
  try {
    const client = await temporal();
    const { status } = await client.workflow
      .getHandle(platformMigrationWorkflowId(project, name))
      .describe();
    // Between two executions of it there is none that runs.
    if (['RUNNING', 'CONTINUED_AS_NEW', 'UNSPECIFIED', 'UNKNOWN'].includes(status.name)) {
      return undefined;
    }
    if (status.name === 'TERMINATED') return terminated(name);
    return new AssayError(
      'MIGRATION_CANCELLED',
      `The workflow of the move "${name}" ended before the move did.`,
      { mend },
    );
  } catch (error) {
    // A namespace that is not there says nothing about the move.
    if (!(error instanceof WorkflowNotFoundError) || /namespace/i.test(error.message)) {
      return undefined;
    }
    return new AssayError(
      'MIGRATION_CANCELLED',
      `Temporal knows nothing of the move "${name}" any more: it was terminated, or that is another Temporal than it runs on.`,
      { mend, cause: error },
    );
  }
}
