import { count, nOf } from './figures.js';
import type { ErrorGroup, ReportModel } from './report-model.js';

type Facts = {
  readonly run: Pick<ReportModel['run'], 'status'>;
  readonly cells: Pick<ReportModel['cells'], 'planned' | 'ok' | 'target_error' | 'evaluator_error'>;
  readonly errors: readonly Pick<ErrorGroup, 'phase' | 'evaluator' | 'code' | 'n' | 'messages'>[];
};

/**
 * What is to be said of a run that completed without a single cell that is ok, with its most frequent reason; undefined of any
 * other. Not escaped.
 */
export function noneOkText({ run, cells, errors }: Facts): string | undefined {
  const completed = run.status === 'completed' || run.status === 'completed_unverified';
  const failed = cells.target_error + cells.evaluator_error;
  if (!completed || cells.ok > 0 || failed === 0) return undefined;
  const text = `No cell is ok: ${nOf(failed, cells.planned)} planned ended in an error`;
  const top = errors.find(({ phase }) => phase !== 'skipped');
  return top === undefined ? text : `${text}, ${count(top.n)} of them with ${reasonText(top)}`;
}

/** `target: TARGET_FAILED: what it said`. Not escaped. */
export function reasonText({
  phase,
  evaluator,
  code,
  messages,
}: Omit<Facts['errors'][number], 'n'>): string {
  const who = phase === 'target' ? 'target' : `evaluator ${evaluator ?? ''}`.trim();
  const message = messages[0]?.text;
  return `${who}: ${code}${message === undefined ? '' : `: ${message}`}`;
}
