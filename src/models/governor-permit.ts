import type { ProviderLimits } from '../contracts/governor-state.js';

/** Leave to make one call, or to run one cell. It must end in `end`, once. */
export interface Permit {
  end(outcome: CallOutcome): void;
}

/** What came of a call that was let through. */
export type CallOutcome =
  /** The provider answered well; `tokens` as it counted them. */
  | {
      readonly kind: 'answered';
      readonly tokens?: number | undefined;
      readonly told?: ProviderLimits | undefined;
    }
  /** 429. */
  | { readonly kind: 'refused'; readonly told?: ProviderLimits | undefined }
  /** Anything else: it says nothing of the rate. */
  | { readonly kind: 'other' };
