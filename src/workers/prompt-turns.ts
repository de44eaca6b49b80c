import type { PlatformName } from '../contracts/backend.js';
import { AssayError } from '../core/errors/assay-error.js';
import { platformTitles } from '../core/platforms/backend.js';
import { createTurns, type InTurn } from '../platforms/in-turn.js';
import { createTurnLock } from '../store/turn-lock.js';

/** Together within the minute that the activity of a push has. */
const defaults = { waitMs: 20_000, workMs: 30_000 };

/** Where workers wait for their turns to write a prompt. */
export interface PromptTurns {
  readonly of: (platform: PlatformName, url: string) => InTurn;
  readonly close: () => Promise<void>;
}

/**
 * One writer at a time of each prompt of a server, in all workers that share the database: a run that begins, a push and a move
 * between platforms look for the content before they make a version, and two at once would both find none.
 *
 * @param limits.waitMs for the others; then PROMPT_BUSY, which comes again. Default 20 s.
 * @param limits.workMs for the platform; what has not ended by then is stopped. Default 30 s.
 */
export function createPromptTurns(
  databaseUrl: string,
  limits: Partial<typeof defaults> = {},
): PromptTurns {
  const { waitMs, workMs } = { ...defaults, ...limits };
  const lock = createTurnLock(databaseUrl);
  const here = createTurns();

  const of = (platform: PlatformName, url: string): InTurn => {
    const server = `${platformTitles[platform]} at ${url}`;
    const busy = (name: string): AssayError =>
      new AssayError(
        'PROMPT_BUSY',
        `Others have been writing the prompt ${JSON.stringify(name)} of ${server} for ${waitMs / 1_000} s.`,
        { mend: 'Give the command again in a moment.', retryAfterMs: 2_000 },
      );
    const slow = (name: string): AssayError =>
      new AssayError(
        'PLATFORM_UNREACHABLE',
        `${server} has not taken the prompt ${JSON.stringify(name)} within ${workMs / 1_000} s.`,
      );

    return async (name, caller, work) => {
      const about = ['assay-prompt', platform, url.replace(/\/+$/, ''), name];
      const begun = performance.now();
      const patience = AbortSignal.timeout(waitMs);
      const turnOf = { ours: false };
      const locked = async () => {
        turnOf.ours = true;
        const left = waitMs - (performance.now() - begun);
        const turn = await lock.take(about, { waitMs: left, signal: caller });
        if (turn === undefined) throw busy(name);
        const deadline = AbortSignal.timeout(workMs);
        try {
          return await work(AbortSignal.any([caller, turn.held, deadline]));
        } catch (error) {
          throw deadline.aborted && !AssayError.is(error) ? slow(name) : error;
        } finally {
          await turn.release();
        }
      };
      try {
        return await here(JSON.stringify(about), AbortSignal.any([caller, patience]), locked);
      } catch (error) {
        throw !turnOf.ours && patience.aborted && !caller.aborted ? busy(name) : error;
      }
    };
  };
  return { of, close: () => lock.close() };
}
