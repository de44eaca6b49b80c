import { naiveIso } from '../clock.js';
import { notFound } from '../http/errors.js';
import type { Half } from '../http/exchange.js';
import type { ObjectMap } from '../http/validate.js';
import type { Workspace } from '../workspace.js';

/** A project; an experiment is one with a reference dataset. */
export interface Session {
  readonly id: string;
  name: string;
  description: string | null;
  readonly startTime: number;
  endTime: number | null;
  extra: ObjectMap | null;
  readonly referenceDatasetId: string | null;
  defaultDatasetId: string | null;
  traceTier: string | null;
  readonly testRunNumber: number | null;
}

export const sessionNamed = (workspace: Workspace, name: string): Session | undefined =>
  [...workspace.sessions.values()].find((session) => session.name === name);

export function sessionById(workspace: Workspace, id: string, half?: Half): Session {
  const session = workspace.sessions.get(id);
  if (session === undefined) throw notFound('Session not found', half);
  return session;
}

export function sessionView(workspace: Workspace, session: Session): ObjectMap {
  return {
    id: session.id,
    tenant_id: workspace.id,
    name: session.name,
    description: session.description,
    start_time: naiveIso(session.startTime),
    end_time: session.endTime === null ? null : naiveIso(session.endTime),
    extra: session.extra,
    reference_dataset_id: session.referenceDatasetId,
    default_dataset_id: session.defaultDatasetId,
    trace_tier: session.traceTier,
    test_run_number: session.testRunNumber,
  };
}
