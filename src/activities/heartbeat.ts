import { Context } from '@temporalio/activity';

/** A beating heart and the reasons to stop. */
export interface Beat {
  /** The small cursor that the heartbeat shows; a hint for people, never the truth. */
  tell(details: Readonly<Record<string, string | number>>): void;
  /** Aborted when Temporal cancels this activity. */
  readonly cancelled: AbortSignal;
}

/** Runs work with a heartbeat every second, so that cancellation arrives and a lost worker is noticed. */
export async function withHeartbeat<Result>(
  work: (beat: Beat) => Promise<Result>,
): Promise<Result> {
  const context = Context.current();
  let details: Readonly<Record<string, string | number>> = {};
  const timer = setInterval(() => context.heartbeat(details), 1_000);
  context.heartbeat(details);
  try {
    return await work({
      tell: (next) => {
        details = next;
      },
      cancelled: context.cancellationSignal,
    });
  } finally {
    clearInterval(timer);
  }
}
