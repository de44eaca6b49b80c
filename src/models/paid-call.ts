import type { ProviderLimits } from '../contracts/governor-state.js';
import type { Usage } from '../contracts/records.js';
import type { ErrorCode } from '../core/errors/catalogue.js';
import type { StoredAnswer } from '../store/journal/answers.js';
import type { CallMoney } from './call-money.js';
import type { RawAnswer } from './openai-chat.js';

/** Which call it is: the key of the journal (durability 11). */
export interface CallIdentity {
  readonly experimentId: string;
  readonly cellId: string;
  /** sha256 of all that is sent. */
  readonly requestHash: string;
  /** The how-manieth call of this content in the cell, from 1. */
  readonly occurrence: number;
  readonly purpose: 'target' | 'judge' | 'embedding';
}

/** Makes the clock of the caller's time limit stand still; the returned function lets it go on. */
export type Hold = () => () => void;

/** One call that costs money, and how it is made. */
export interface PaidCall {
  readonly identity: CallIdentity;
  /** Who is asked, with the address: calls of one key share its limits, in all workers. */
  readonly governorKey: string;
  /** What the config says of its limits. */
  readonly limits?: ProviderLimits | undefined;
  /** What it is expected to take of a limit in tokens; asked only where there is one. */
  readonly tokens?: (() => number) | undefined;
  /** Sends it once. An error status is an answer; a lost connection is thrown. */
  readonly send: (callId: string, signal: AbortSignal) => Promise<RawAnswer>;
  /** The code of a final failure by its type; the default is MODEL_REFUSED. */
  readonly codes: FailureCodes;
  /** Reads the tokens out of an answer, for the journal's columns. */
  readonly usageOf: (body: Buffer) => Usage | undefined;
  readonly signal: AbortSignal;
  /** Held for all but the request itself: waits for the journal, for a provider's leave and between tries are ours. */
  readonly hold?: Hold;
  /** What it can cost and costs; absent where the run has no budget. */
  readonly money?: CallMoney;
}

export interface FailureCodes {
  readonly unreachable: ErrorCode;
  readonly unauthorized: ErrorCode;
  readonly refused: ErrorCode;
  readonly rateLimited: ErrorCode;
  readonly quotaExhausted: ErrorCode;
  readonly label: string;
}

/** An answer that is committed, and what it took. */
export interface PaidAnswer {
  readonly answer: StoredAnswer;
  /** True where it was in the journal already. */
  readonly replayed: boolean;
  /** How often the request was sent now. */
  readonly attempts: number;
}
