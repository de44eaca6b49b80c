import type { OutboundExport, RefusedRecord, SendOutcome } from '../port.js';
import { ingestionAnswer } from './answers.js';
import { isHtml, isJson, passingWait, printable } from '../http/answer-text.js';
import { isVerdict, serverMessage } from './errors.js';
import type { NetworkFailure } from '../http/network-failure.js';
import { retryAfterMs } from '../http/retry-after.js';
import type { HttpAnswer } from '../http/transport.js';

/** What a failed connection means for an export. */
export function outcomeOfFailure(failure: NetworkFailure): SendOutcome {
  return failure.mayHaveArrived
    ? { outcome: 'ambiguous', reason: `no whole answer: ${failure.message}` }
    : { outcome: 'unreachable', reason: failure.message };
}

/** What an answer means for the export that was sent. */
export function outcomeOfAnswer(
  batch: OutboundExport,
  answer: HttpAnswer,
  now: number,
): SendOutcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return accepted(batch, answer, now);
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
  const splittable = batch.records.length > 1;
  return { outcome: 'refused', code: 'PLATFORM_REFUSED', reason, splittable };
}

function accepted(batch: OutboundExport, answer: HttpAnswer, now: number): SendOutcome {
  // A proxy whose server is away answers any path with a page.
  if (isHtml(answer)) {
    const reason = `${answer.status}: ${serverMessage(answer)}`;
    return { outcome: 'later', retryAfterMs: passingWait(answer, now), reason };
  }
  if (batch.kind === 'scores') return acceptedScores(batch, answer.text);
  // Any other text is not the server's, though it may have been put in the place of its answer.
  return answer.text.trim() === '' || isJson(answer.text)
    ? { outcome: 'accepted', refused: [] }
    : { outcome: 'ambiguous', reason: 'an answer that cannot be read' };
}

/** Reads the list of errors of a 207; each names an event, whose id is the score's. */
function acceptedScores(batch: OutboundExport, text: string): SendOutcome {
  const answer = ingestionAnswer.safeParse(parsed(text));
  if (!answer.success) return { outcome: 'ambiguous', reason: 'an answer that cannot be read' };
  const { errors, successes } = answer.data;
  // Scores replace each other by id, so sending all again does no harm.
  const transient = errors.find((error) => error.status === 429 || error.status >= 500);
  if (transient !== undefined) {
    return {
      outcome: 'ambiguous',
      reason: printable(`${transient.status}: ${transient.message ?? ''}`),
      ...(transient.status >= 500 ? { answered: true } : {}),
      taken: successes.map(({ id }) => id),
    };
  }
  const reasons = new Map(errors.map((error) => [error.id, errorText(error)]));
  const nameless = reasons.get('unknown');
  const taken = new Set(successes.map((success) => success.id));
  const refused = batch.records.flatMap((record) =>
    record.ids.flatMap((id): readonly RefusedRecord[] => {
      // An error without an id is of one of those that were not confirmed; which, the server does not say.
      const reason = reasons.get(id) ?? (taken.has(id) ? undefined : nameless);
      return reason === undefined ? [] : [{ rowId: record.rowId, id, reason }];
    }),
  );
  return { outcome: 'accepted', refused };
}

function errorText(error: {
  readonly status: number;
  readonly message?: string | null | undefined;
  readonly error?: unknown;
}): string {
  const detail = typeof error.error === 'string' ? ` ${error.error}` : '';
  return printable(`${error.status}: ${error.message ?? 'refused'}${detail}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
