import type {
  ExperimentSpec,
  RetryPolicy,
  RetrySettings,
} from '../../contracts/experiment-spec.js';

/** How long and how often things are tried in one cell. */
export interface CellLimits {
  readonly targetMs: number;
  readonly evaluatorMs: number;
  readonly retry: RetryPolicy;
}

/** What a target says of itself in the config. */
export interface TargetLimits {
  readonly timeoutMs?: number | undefined;
  readonly retry?: RetrySettings | undefined;
}

const defaults: CellLimits = {
  targetMs: 120_000,
  evaluatorMs: 120_000,
  retry: { maxAttempts: 4, initialDelayMs: 500, maxDelayMs: 30_000 },
};

/** The limits of a run's cells, one by one: the specification before the target's own before the defaults. */
export function cellLimits(
  spec: Pick<ExperimentSpec, 'timeouts' | 'retry'>,
  target: TargetLimits = {},
): CellLimits {
  const retry = (name: keyof RetryPolicy): number =>
    spec.retry[name] ?? target.retry?.[name] ?? defaults.retry[name];
  return {
    targetMs: spec.timeouts.targetMs ?? target.timeoutMs ?? defaults.targetMs,
    evaluatorMs: spec.timeouts.evaluatorMs,
    retry: {
      maxAttempts: retry('maxAttempts'),
      initialDelayMs: retry('initialDelayMs'),
      maxDelayMs: retry('maxDelayMs'),
    },
  };
}
