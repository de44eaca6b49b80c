import { AssayError } from '../core/errors/assay-error.js';
import { experimentWorkflowId } from '../core/experiment/naming.js';
import type { Transport } from './transport.js';

/**
 * Why a run has no row: nobody submitted it, or a worker still reads what it was submitted with, which takes minutes where its dataset
 * is large. Where Temporal does not answer, the row is all that there is to go by.
 */
export async function missingExperiment(
  transport: Pick<Transport, 'temporal'>,
  { project, name }: { readonly project: string; readonly name: string },
): Promise<AssayError> {
  if (await isDriven(transport, experimentWorkflowId(project, name))) {
    return new AssayError(
      'EXPERIMENT_NOT_ADMITTED',
      `"${name}" is still being admitted: a worker reads its dataset and its config. None of its cells runs yet.`,
      { mend: 'Give the command again once it runs. A cancel is obeyed now as well.' },
    );
  }
  return new AssayError(
    'EXPERIMENT_NOT_FOUND',
    `There is no experiment "${name}" in the project "${project}".`,
    { mend: 'See `assay experiment list`.' },
  );
}

/** Whether it is only too early for a command. */
export const isNotAdmitted = (error: unknown): boolean =>
  AssayError.is(error) && error.code === 'EXPERIMENT_NOT_ADMITTED';

async function isDriven(
  transport: Pick<Transport, 'temporal'>,
  workflowId: string,
): Promise<boolean> {
  try {
    const client = await transport.temporal();
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING';
  } catch {
    return false;
  }
}
