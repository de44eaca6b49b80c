import { Client, Connection, defaultPayloadConverter } from '@temporalio/client';

import { experimentWorkflowId } from '../../src/core/experiment/naming.js';
import { project } from '../stack/project-files.js';

/** A batch of cells that a worker holds. */
export interface Range {
  readonly pid: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The batches that run at this moment, by the process that runs them, as Temporal knows them. */
export async function heldRanges(
  temporal: { readonly address: string; readonly namespace: string },
  name: string,
): Promise<readonly Range[]> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const client = new Client({ connection, namespace: temporal.namespace });
    const handle = client.workflow.getHandle(experimentWorkflowId(project, name));
    const { raw } = await handle.describe();
    const pidOf = new Map(
      (raw.pendingActivities ?? [])
        .filter((each) => each.activityType?.name === 'runCells')
        .map((each) => [each.activityId, Number.parseInt(each.lastWorkerIdentity ?? '', 10)]),
    );
    const { events } = await handle.fetchHistory();
    return (events ?? []).flatMap((event): readonly Range[] => {
      const scheduled = event.activityTaskScheduledEventAttributes;
      const pid = pidOf.get(scheduled?.activityId);
      const payload = scheduled?.input?.payloads?.[0];
      if (pid === undefined || Number.isNaN(pid) || !payload) return [];
      const { from, to } = defaultPayloadConverter.fromPayload<Omit<Range, 'pid'>>(payload);
      return [{ pid, from, to }];
    });
  } finally {
    await connection.close();
  }
}
