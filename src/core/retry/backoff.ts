/**
 * The wait before the next try: exponential with full jitter in its upper half, so that many cells that failed together
 * do not come back together. Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("equal jitter").
 *
 * @param request.attempt 1 for the wait after the first try.
 * @param request.random in [0, 1).
 * @returns milliseconds, at most the policy's `maxDelayMs`.
 */
export function backoffMs(request: {
  readonly attempt: number;
  readonly policy: { readonly initialDelayMs: number; readonly maxDelayMs: number };
  readonly random: number;
}): number {
  const { attempt, policy, random } = request;
  const ceiling = Math.min(
    policy.maxDelayMs,
    policy.initialDelayMs * 2 ** Math.min(attempt - 1, 20),
  );
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
