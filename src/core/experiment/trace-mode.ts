import type { TraceMode } from '../../contracts/experiment-spec.js';

/** Apart from their schema: the CLI names them in help texts. */
export const traceModes = ['none', 'platform'] as const;

/** Whether a run's cells are published: the run's own word before its target's before the project's. */
export function traceModeOf(of: {
  readonly spec: TraceMode | undefined;
  readonly target: TraceMode | undefined;
  readonly project: TraceMode;
}): TraceMode {
  return of.spec ?? of.target ?? of.project;
}

/** Said wherever people look for what stands on a platform. */
export const unpublishedText = 'not published by choice (trace: none)';
