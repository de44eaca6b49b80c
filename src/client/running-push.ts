import type { DatasetPushRequest, ShownPush } from '../contracts/dataset-push.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { datasetPushWorkflowId } from '../core/experiment/naming.js';

/** Of one dataset one push goes on at a time. @throws AssayError DATASET_PUSH_RUNNING where the other asks for something else */
export function refuseOtherPush({ request: running }: ShownPush, asked: DatasetPushRequest): void {
  const problems = differences(running, asked);
  if (problems.length === 0) return;
  const { dataset, project } = running;
  const again = [
    `assay datasets push ${dataset}`,
    ...(running.backend === undefined ? [] : [`--backend ${running.backend}`]),
    ...(running.archiveRemoved ? ['--archive-removed'] : []),
  ].join(' ');
  const ends = '(what it wrote stands); then push again.';
  // The command takes the files as they are now: of others it would be refused as well.
  const mend =
    running.stamp === asked.stamp
      ? `Watch it with \`${again}\` until its end, or cancel its workflow in Temporal ${ends}`
      : `Look at the workflow in Temporal and wait for its end, or cancel it there ${ends}`;
  throw new AssayError(
    'DATASET_PUSH_RUNNING',
    `A push of "${dataset}" that asks for something else is under way: the workflow ${datasetPushWorkflowId(project, dataset)}.`,
    { problems, mend },
  );
}

/** In what two pushes differ that must agree to be one. */
function differences(running: DatasetPushRequest, asked: DatasetPushRequest): readonly Problem[] {
  const backend = (of: DatasetPushRequest): string => of.backend ?? "the config's default";
  const removed = (of: DatasetPushRequest): string =>
    of.archiveRemoved ? 'with --archive-removed' : 'without --archive-removed';
  const told = [
    { at: 'backend', is: backend(running), asked: backend(asked) },
    { at: 'archive-removed', is: removed(running), asked: removed(asked) },
  ];
  const problems = told
    .filter((each) => each.is !== each.asked)
    .map(({ at, is, asked: yours }) => ({
      at,
      message: `the one under way: ${is}; yours: ${yours}`,
    }));
  if (running.stamp === asked.stamp) return problems;
  const known = running.stamp !== undefined && asked.stamp !== undefined;
  const message = known
    ? 'are others than those that the one under way began with: they changed since, or are of another checkout'
    : 'the one under way and yours do not both say which they mean';
  return [...problems, { at: 'files', message }];
}
