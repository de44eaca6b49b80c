import { refusal } from '../http/errors.js';
import { isUuid } from '../http/validate.js';

interface Identity {
  readonly id: string;
  readonly traceId: string;
  readonly dottedOrder: string;
  readonly parentRunId: string | null;
}

/**
 * Refuses an identity whose parts contradict each other, in the real service's words (400). One such run refuses its whole batch.
 */
export function checkDottedOrder(run: Identity): void {
  const problem = problemOf(run);
  if (problem === undefined) return;
  throw refusal(
    400,
    `Bad request: invalid 'dotted_order': ${problem} for run_id:${run.id} trace_id:${run.traceId} ` +
      `dotted_order:${run.dottedOrder} parent_run_id:${run.parentRunId ?? 'None'}`,
    'ingest',
  );
}

function problemOf({ id, traceId, dottedOrder, parentRunId }: Identity): string | undefined {
  const parts = dottedOrder.split('.').map((part) => /^\d{8}T\d{6,12}Z(.+)$/.exec(part)?.[1]);
  if (!parts.every(isUuid)) return 'dotted_order has a part that is not a time and a UUID';
  if (parts[0] !== traceId) return 'trace_id does not match first part of dotted_order';
  if (parts.at(-1) !== id) return 'run_id does not match last part of dotted_order';
  if (parentRunId === null)
    return parts.length === 1 ? undefined : 'dotted_order must contain a single part for root runs';
  if (parts.length < 2) return 'dotted_order must contain at least two parts for child runs';
  return parts.at(-2) === parentRunId
    ? undefined
    : 'parent_run_id does not match second-to-last part of dotted_order';
}

/** The order of a root run of which only the start is known. */
export function rootOrder(id: string, startIso: string): string {
  return `${startIso.replaceAll(/[-:.]/g, '')}Z${id}`;
}
