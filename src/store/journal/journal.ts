import { AssayError } from '../../core/errors/assay-error.js';
import type { Store } from '../store.js';
import { commitAnswers, releaseCalls, type CommittedAnswer } from './answers.js';
import { createBatcher } from './batcher.js';
import { claimCalls, type CallClaim, type ClaimResult } from './claims.js';
import { createKeyGates } from './key-gates.js';
import { holdLease } from './lease.js';
import { DEFAULT_LEASE_MS } from './owners.js';
import { isAway, isTrouble, pause, whileAway } from './persist.js';
import { callKeyText, type CallAnswer, type CallKey, type StoredAnswer } from './records.js';

/** A call that this process may make. It must end in `answer` or `release`. */
export interface ClaimedCall {
  readonly key: CallKey;
  readonly owner: string;
}

/** What came of a claim that was not refused. */
export type Claim =
  | { readonly state: 'won'; readonly call: ClaimedCall }
  | { readonly state: 'answered'; readonly answer: StoredAnswer };

/** The call journal as the models use it (durability 11 and 12). */
export interface Journal {
  /**
   * Claims a call before it is made. A call that this process has in flight already (a batch that Temporal gave up
   * and started again) is waited for.
   *
   * @throws AssayError CALL_CLAIM_REFUSED with retryAfterMs where another owner that lives holds it;
   *   POSTGRES_UNREACHABLE where Postgres stayed away for `patienceMs`; the signal's reason.
   */
  claim(claim: CallClaim, signal?: AbortSignal): Promise<Claim>;
  /** Whether the call may start in this very moment. Check it right before the request, with nothing awaited between. */
  mayStart(call: ClaimedCall): boolean;
  /**
   * Keeps a paid answer, in memory for as long as Postgres is away or refuses for reasons of its own (a full disk).
   *
   * @returns the answer that counts: the first one that was committed, which may be another's.
   */
  answer(call: ClaimedCall, answer: CallAnswer): Promise<CommittedAnswer>;
  /** Gives a claim back after a failure without an answer. */
  release(call: ClaimedCall): Promise<void>;
  /** Ends the lease after what waits was written; waits 5 s at most where Postgres is away. */
  close(): Promise<void>;
}

export interface JournalOptions {
  /** For people who read the table. */
  readonly worker: string;
  /** Default 10 s. */
  readonly leaseMs?: number;
  /** Default 2 s. */
  readonly renewEveryMs?: number;
  /** How long a batch is collected. Default 5 ms. */
  readonly flushMs?: number;
  /** Default 100. */
  readonly maxBatch?: number;
  /** How long a claim waits while Postgres is away. Default 30 s. */
  readonly patienceMs?: number;
  /** Default `performance.now`. */
  readonly monotonicNow?: () => number;
  /** Told of each owner that this journal claims calls as, see the watchdog of workers. */
  readonly onOwner?: (owner: string) => void;
}

const CLOSE_PATIENCE_MS = 5_000;

interface Claimed {
  readonly owner: string;
  readonly result: ClaimResult;
}

const refusal = (retryAfterMs: number): AssayError =>
  new AssayError('CALL_CLAIM_REFUSED', 'Another worker holds this call and lives.', {
    retryAfterMs,
  });

// A database that refuses for reasons of its own says nothing about the call, which must not end as the cell's error.
const refusing = (cause: unknown): AssayError =>
  new AssayError('POSTGRES_UNREACHABLE', 'Postgres refuses to take claims.', { cause });

/**
 * Opens the journal: begins a lease and renews it until `close`. A lost lease is replaced by a new one; what was
 * claimed under the old one may not start any more.
 *
 * @throws AssayError POSTGRES_UNREACHABLE
 */
export async function createJournal(store: Store, options: JournalOptions): Promise<Journal> {
  const { flushMs = 1, maxBatch = 100, patienceMs = 30_000 } = options;
  const monotonicNow = options.monotonicNow ?? (() => performance.now());
  const on = store.journal;
  const ending = new AbortController();
  const gates = createKeyGates();
  const lease = await holdLease(on, {
    worker: options.worker,
    leaseMs: options.leaseMs ?? DEFAULT_LEASE_MS,
    renewEveryMs: options.renewEveryMs ?? 2_000,
    monotonicNow,
    onOwner: options.onOwner,
  });
  const batching = { delayMs: flushMs, maxBatch };
  const claims = createBatcher<CallClaim, Claimed>({
    ...batching,
    flush: async (calls) => {
      const { owner } = lease;
      const results = await claimCalls(on, { owner, calls });
      return results.map((result) => ({ owner, result }));
    },
  });
  const answers = createBatcher<ClaimedCall & { readonly answer: CallAnswer }, CommittedAnswer>({
    ...batching,
    flush: (items) => whileAway(() => commitAnswers(on, items), ending.signal),
  });
  const releases = createBatcher<ClaimedCall, undefined>({
    ...batching,
    flush: (calls) => whileAway(() => releaseAll(calls), ending.signal),
  });

  const releaseAll = async (calls: readonly ClaimedCall[]): Promise<undefined[]> => {
    for (const owner of new Set(calls.map((call) => call.owner))) {
      const keys = calls.filter((call) => call.owner === owner).map(({ key }) => key);
      await releaseCalls(on, { owner, keys });
    }
    return calls.map(() => undefined);
  };

  const release = async (call: ClaimedCall): Promise<void> => {
    try {
      await releases.submit(call);
    } finally {
      gates.open(callKeyText(call.key));
    }
  };

  const submitClaim = async (
    claim: CallClaim,
    { signal, onDoubt }: { signal: AbortSignal | undefined; onDoubt: (owner: string) => void },
  ): Promise<ClaimedCall | StoredAnswer> => {
    const started = monotonicNow();
    for (let attempt = 0; ; attempt += 1) {
      signal?.throwIfAborted();
      try {
        const { owner, result } = await claims.submit(claim);
        if (result.state === 'answered') return result.answer;
        if (result.state === 'refused') throw refusal(result.retryAfterMs);
        if (result.state === 'won') return { key: claim.key, owner };
        await lease.renew();
      } catch (error) {
        if (!isTrouble(error)) throw error;
        onDoubt(lease.owner);
        if (monotonicNow() - started > patienceMs) throw isAway(error) ? error : refusing(error);
        await pause(attempt, signal);
      }
    }
  };

  const claim = async (request: CallClaim, signal?: AbortSignal): Promise<Claim> => {
    const text = callKeyText(request.key);
    await gates.shut(text, signal);
    let doubt: string | undefined;
    const onDoubt = (owner: string): void => {
      doubt = owner;
    };
    try {
      const claimed = await submitClaim(request, { signal, onDoubt });
      if ('body' in claimed) {
        gates.open(text);
        return { state: 'answered', answer: claimed };
      }
      doubt = claimed.owner;
      signal?.throwIfAborted();
      return { state: 'won', call: claimed };
    } catch (error) {
      // A claim that was lost on the way can stand all the same. It is given back in the background, and the
      // gate stays shut until then, or the next claim of this process would be given back with it.
      if (doubt === undefined) gates.open(text);
      else void release({ key: request.key, owner: doubt }).catch(() => undefined);
      throw error;
    }
  };

  return {
    claim,
    mayStart: (call) => call.owner === lease.owner && lease.fresh(),
    answer: async (call, answer) => {
      try {
        return await answers.submit({ ...call, answer });
      } finally {
        gates.open(callKeyText(call.key));
      }
    },
    release,
    close: async () => {
      const timer = setTimeout(() => {
        ending.abort();
      }, CLOSE_PATIENCE_MS);
      await Promise.all([claims.idle(), answers.idle(), releases.idle()]);
      clearTimeout(timer);
      // A lease that cannot be ended now runs out by itself.
      await lease.close().catch(() => undefined);
    },
  };
}
