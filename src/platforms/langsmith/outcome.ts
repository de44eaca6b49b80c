import { isHtml, isJson, passingWait } from '../http/answer-text.js';
import type { NetworkFailure } from '../http/network-failure.js';
import { retryAfterMs } from '../http/retry-after.js';
import type { HttpAnswer } from '../http/transport.js';
import type { SendOutcome } from '../port.js';
import { isVerdict, serverMessage } from './errors.js';

/** What an answer means for what one request held. */
export type PartOutcome = SendOutcome | { readonly outcome: 'known'; readonly reason: string };

/** What an answer means. `known`: something of the request has been received before; which, the server does not say. */
export function outcomeOfAnswer(answer: HttpAnswer, now: number): PartOutcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return taken(answer, now);
  const reason = `${status}: ${serverMessage(answer)}`;
  if (status === 401 || status === 403) {
    return { outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED', reason, splittable: false };
  }
  const header = answer.header('retry-after');
  if (status === 429 || (status === 503 && header !== undefined)) {
    return { outcome: 'later', retryAfterMs: retryAfterMs(header, now), reason };
  }
  // A proxy's 408 or 425 and any 5xx can come after the server took the request.
  if (status >= 500) return { outcome: 'ambiguous', reason, answered: true };
  if (status === 408 || status === 425) return { outcome: 'ambiguous', reason };
  // Records are refused for ever, so only the server itself may do that, and no maintenance page.
  if (!isVerdict(answer)) {
    return { outcome: 'later', retryAfterMs: passingWait(answer, now), reason };
  }
  return status === 409
    ? { outcome: 'known', reason }
    : { outcome: 'refused', code: 'PLATFORM_REFUSED', reason, splittable: false };
}

function taken(answer: HttpAnswer, now: number): SendOutcome {
  // A proxy whose server is away answers any path with a page.
  if (isHtml(answer)) {
    const reason = `${answer.status}: ${serverMessage(answer)}`;
    return { outcome: 'later', retryAfterMs: passingWait(answer, now), reason };
  }
  return answer.text.trim() === '' || isJson(answer.text)
    ? { outcome: 'accepted', refused: [] }
    : { outcome: 'ambiguous', reason: 'an answer that cannot be read' };
}

/** What a failed connection means. */
export function outcomeOfFailure(failure: NetworkFailure): SendOutcome {
  // Also where only the answer's body broke off: a proxy's page begins with a 200 as well, and who was not heard is looked for.
  return failure.mayHaveArrived
    ? { outcome: 'ambiguous', reason: `no whole answer: ${failure.message}` }
    : { outcome: 'unreachable', reason: failure.message };
}
