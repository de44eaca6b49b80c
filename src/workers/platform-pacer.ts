import type { PlatformName } from '../contracts/backend.js';
import { platformTitles } from '../core/platforms/backend.js';
import type { Governor } from '../models/governor.js';
import type { RequestPacer } from '../platforms/http/pacing.js';

/** A longer wait is given back as data, so that the workflow waits for it where people see it. */
const longestWaitMs = 30_000;

/** The governor as the platform's pacer: one key for each kind of endpoint of a server. */
export function platformPacer(
  governor: Governor,
  { platform, url }: { readonly platform: PlatformName; readonly url: string },
): RequestPacer {
  return async ({ kind, signal }) => {
    const key = `${platform}/${kind} ${url.replace(/\/+$/, '')}`;
    const permit = await governor.enter(
      { key, code: 'PLATFORM_UNREACHABLE', label: `${platformTitles[platform]} at ${url}` },
      { maxWaitMs: longestWaitMs, signal },
    );
    return (answer) => {
      if (answer === undefined || answer.status >= 500) permit.end({ kind: 'other' });
      else if (answer.status !== 429) permit.end({ kind: 'answered' });
      else {
        permit.end({ kind: 'refused' });
        if (answer.retryAfterMs !== undefined) governor.holdBack(key, answer.retryAfterMs);
      }
    };
  };
}
