import { Context } from '@temporalio/activity';

/** A beating heart and the reasons to stop. */
export interface Beat {
  /** The small cursor that the heartbeat shows; a hint for people, never the truth. */
  tell(details: Readonly<Record<string, string | number>>): void;
  /** Aborted when Temporal cancels this activity. */
  readonly cancelled: AbortSignal;
  /** What the attempt before this one told last; empty at the first. */
  readonly before: Readonly<Record<string, string | number>>;
}

/** Runs work with a heartbeat every second, so that cancellation arrives and a lost worker is noticed. */
export async function withHeartbeat<Result>(
  work: (beat: Beat) => Promise<Result>,
): Promise<Result> {
  const context = Context.current();
  const before = detailsOf(context.info.heartbeatDetails);
  // Begun with what is known: an attempt that is lost at once must not take the cursor along.
  let details = before;
  const timer = setInterval(() => context.heartbeat(details), 1_000);
  context.heartbeat(details);
  try {
    return await work({
      tell: (next) => {
        details = next;
      },
      cancelled: context.cancellationSignal,
      before,
    });
  } finally {
    clearInterval(timer);
  }
}

function detailsOf(details: unknown): Readonly<Record<string, string | number>> {
  return typeof details === 'object' && details !== null
    ? (details as Readonly<Record<string, string | number>>)
    : {};
}
