import { asyncLocalStorage, type Context } from '@temporalio/activity';

/** Runs work with what an activity finds around it. @param before what the attempt before this one told last. */
export function inActivity<Result>(work: () => Promise<Result>, before?: object): Promise<Result> {
  const context = {
    info: { heartbeatDetails: before },
    heartbeat: () => undefined,
    cancellationSignal: new AbortController().signal,
  };
  return asyncLocalStorage.run(context as unknown as Context, work);
}
