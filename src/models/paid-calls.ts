import { AssayError } from '../core/errors/assay-error.js';
import { classifyHttpFailure, failureOf, type HttpFailure } from '../core/retry/classify.js';
import { backoffMs } from '../core/retry/backoff.js';
import type { RetryPolicy } from '../contracts/experiment-spec.js';
import type { ClaimedCall, Journal } from '../store/journal/journal.js';
import type { StoredAnswer } from '../store/journal/answers.js';
import type { BudgetGate } from './budget-gate.js';
import { heldMoney, type MoneyInHand } from './call-money.js';
import { delay, type Governor, type Permit } from './governor.js';
import { outcomeOf } from './governor-outcome.js';
import type { RawAnswer } from './openai-chat.js';
import { createOutages, type Outages } from './outage.js';
import type { CallIdentity, PaidAnswer, PaidCall } from './paid-call.js';

/** Makes calls at most once for each identity, whoever asks, as far as the journal can know. */
export interface PaidCalls {
  call(call: PaidCall, policy: RetryPolicy): Promise<PaidAnswer>;
}

/** The text that stands in the `x-assay-call` header: cell, hash, occurrence. */
export function callId(identity: CallIdentity): string {
  return `${identity.cellId}.${identity.requestHash.slice(0, 16)}.${identity.occurrence}`;
}

/**
 * Claim, check the fence, send, commit. The claim stands before the request leaves, and the answer is committed
 * before anyone may use it; a failure without an answer gives the claim back.
 */
export function createPaidCalls(options: {
  journal: Journal;
  governor: Governor;
  /** For calls of runs that have a budget. */
  budgets?: BudgetGate;
}): PaidCalls {
  const { journal, governor, budgets } = options;
  const outages = createOutages(options);
  const sendOrRelease = async (
    call: PaidCall,
    { policy, claimed, money }: { policy: RetryPolicy; claimed: ClaimedCall; money: MoneyInHand },
  ): Promise<Sent> => {
    try {
      const mayStart = (): boolean => journal.mayStart(claimed);
      return await sendWithRetries(call, { policy, governor, outages, mayStart, money });
    } catch (error) {
      await money.giveBack();
      await holding(call, () => journal.release(claimed));
      throw error;
    }
  };
  return {
    async call(call, policy) {
      const { cellId, requestHash, occurrence, purpose } = call.identity;
      const key = { cellId, requestHash, occurrence };
      const claim = await holding(call, () => journal.claim({ key, purpose }, call.signal));
      if (claim.state === 'answered') {
        const { answer } = claim;
        await holding(call, () => settleReplayed(call, { answer, budgets }));
        return { answer, replayed: true, attempts: 0 };
      }
      const money = heldMoney(call, { budgets, claimed: claim.call });
      const sent = await sendOrRelease(call, { policy, claimed: claim.call, money });
      const usage = call.usageOf(sent.raw.body);
      // From here on it is paid for: what refuses the answer must not give the call free to be made again.
      const paid = { ...sent.raw, usage, firstTokenMs: undefined };
      const [{ answer }] = await holding(call, () =>
        Promise.all([journal.answer(claim.call, paid), money.answered(sent.raw)]),
      );
      return { answer, replayed: false, attempts: sent.attempts };
    },
  };
}

/** A worker that died between its answer and its settlement still holds money for it. */
async function settleReplayed(
  call: PaidCall,
  { answer, budgets }: { answer: StoredAnswer; budgets: BudgetGate | undefined },
): Promise<void> {
  if (call.money === undefined) return;
  const { cellId, requestHash, occurrence } = call.identity;
  await budgets?.replayed({
    key: { cellId, requestHash, occurrence },
    owner: answer.owner,
    costPico: call.money.costOf(answer),
  });
}

async function holding<Result>(
  call: PaidCall,
  wait: () => Promise<Result> | Result,
): Promise<Result> {
  const resume = call.hold?.();
  try {
    return await wait();
  } finally {
    resume?.();
  }
}

interface Sent {
  readonly raw: RawAnswer;
  readonly attempts: number;
}

async function sendWithRetries(
  call: PaidCall,
  context: {
    policy: RetryPolicy;
    governor: Governor;
    outages: Outages;
    mayStart: () => boolean;
    money: MoneyInHand;
  },
): Promise<Sent> {
  const { policy, governor, outages, mayStart, money } = context;
  for (let attempt = 1; ; attempt += 1) {
    await money.hold(call.signal);
    const permit = await holding(call, () => enter(call, { governor, policy }));
    // A process that was frozen and goes on holds claims that others may have taken over: nothing leaves on a dead lease.
    if (!mayStart()) {
      permit.end({ kind: 'other' });
      throw new AssayError('CALL_CLAIM_REFUSED', 'This worker lost its lease on the call.', {
        retryAfterMs: 1_000,
      });
    }
    const failure = await attemptOnce(call).catch(async (error: unknown) => {
      permit.end({ kind: 'other' });
      await money.interrupted(error);
      throw error;
    });
    permit.end(outcomeOf(failure, call.usageOf));
    if (failure.kind === 'answered') {
      governor.noteAnswer(call.governorKey);
      return { raw: failure.raw, attempts: attempt };
    }
    const { type } = failure.failure;
    await money.failed({ type, status: failure.raw?.status });
    const wait = waitBefore(failure.failure, { attempt, policy });
    if (wait === undefined) {
      const waiting = outages.waitFor(call, failure.failure);
      throw waiting ?? finalError(call, failure);
    }
    if (failure.failure.retry === 'after') governor.holdBack(call.governorKey, wait);
    if (wait > policy.maxDelayMs) {
      throw new AssayError(call.codes.rateLimited, `${call.codes.label} asked to wait.`, {
        retryAfterMs: wait,
      });
    }
    await holding(call, () => delay(wait, call.signal));
  }
}

function enter(
  call: PaidCall,
  { governor, policy }: { governor: Governor; policy: RetryPolicy },
): Permit | Promise<Permit> {
  const { governorKey: key, limits, tokens, codes, signal, identity } = call;
  const { experimentId } = identity;
  const { rateLimited: code, label } = codes;
  return governor.enter(
    { key, experimentId, limits, tokens, code, label },
    { maxWaitMs: policy.maxDelayMs, signal },
  );
}

export type Attempt =
  | { readonly kind: 'answered'; readonly raw: RawAnswer }
  | {
      readonly kind: 'failed';
      readonly failure: HttpFailure;
      readonly raw?: RawAnswer;
      readonly cause?: unknown;
    };

async function attemptOnce(call: PaidCall): Promise<Attempt> {
  let raw: RawAnswer;
  try {
    raw = await call.send(callId(call.identity), call.signal);
  } catch (cause) {
    call.signal.throwIfAborted();
    const known = failureOf(cause);
    // An error of ours without a classification is a decision (a forbidden address), no accident.
    if (AssayError.is(cause) && known === undefined) throw cause;
    const failure = known ?? classifyHttpFailure({ cause, nowMs: Date.now() });
    return { kind: 'failed', cause, failure };
  }
  if (raw.status >= 200 && raw.status < 300) return { kind: 'answered', raw };
  const failure = classifyHttpFailure({
    status: raw.status,
    headers: raw.headers,
    body: parse(raw.body),
    nowMs: Date.now(),
  });
  return { kind: 'failed', raw, failure };
}

function waitBefore(
  failure: HttpFailure,
  { attempt, policy }: { attempt: number; policy: RetryPolicy },
): number | undefined {
  if (failure.retry === 'final') return undefined;
  // A wait that the server asked for is obeyed however often: it says when, and it is no failure of the call.
  if (failure.retry === 'after') return Math.max(failure.retryAfterMs, policy.initialDelayMs);
  if (attempt >= policy.maxAttempts) return undefined;
  return backoffMs({ attempt, policy, random: Math.random() });
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function finalError(call: PaidCall, failed: Attempt & { kind: 'failed' }): AssayError {
  const { type } = failed.failure;
  const { codes } = call;
  // No answer came, and who sent it has said why: a timeout is no error status.
  if (failed.raw === undefined && AssayError.is(failed.cause)) return failed.cause;
  const status = failed.raw === undefined ? '' : ` (HTTP ${failed.raw.status})`;
  const message = `${codes.label}: ${type.replaceAll('_', ' ')}${status}${said(failed.raw)}`;
  if (type === 'quota_exhausted') {
    return new AssayError(codes.quotaExhausted, message, {
      mend: 'Raise the quota or add credit at the provider, then start the run again.',
    });
  }
  if (type === 'unauthorized' || type === 'forbidden')
    return new AssayError(codes.unauthorized, message);
  const code =
    failed.failure.retry === 'final' && failed.raw !== undefined
      ? codes.refused
      : codes.unreachable;
  return new AssayError(code, message, { cause: failed.cause });
}

// Only the provider's own sentence, cut: a body may echo the request.
function said(raw: RawAnswer | undefined): string {
  const body = raw === undefined ? undefined : parse(raw.body);
  const error = (body as { error?: { message?: unknown } } | undefined)?.error;
  return typeof error?.message === 'string' ? `: ${error.message.slice(0, 300)}` : '';
}
