/** What a run would come to, told before it is started. Plain data: it crosses Temporal and is printed as JSON. */

/** A figure with its range, and what it is based on. */
export interface Estimated {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
  readonly basis: string;
}

/** What nobody can tell, and why: never a zero. */
export interface Unknown {
  readonly unknown: string;
}

export type Guess = Estimated | Unknown;

/** The calls that a run makes in one place: its target, or one of its evaluators. */
export interface EstimatedCalls {
  readonly purpose: 'target' | 'judge' | 'embedding';
  /** `target`, `judge:<evaluator>`, or `judge:<evaluator>/anchors`. */
  readonly scope: string;
  /** `provider/model`; undefined where only the code knows. */
  readonly model: string | undefined;
  readonly calls: Guess;
  /** Over all calls. */
  readonly inputTokens: Guess;
  readonly outputTokens: Guess;
  /** Dollars over all calls. */
  readonly costUsd: Guess;
  /** The most that one of them can cost: what a run with a budget holds until it ends. Undefined where nobody can tell. */
  readonly holdUsd?: number;
}

export interface EstimatedBudget {
  readonly budgetUsd: number;
  /** `maybe`: the budget lies within the range of what is needed. */
  readonly fits: 'yes' | 'maybe' | 'no' | 'unknown';
  /** What is held for the dearest call. */
  readonly holdUsd?: number;
  /** About the smallest budget that surely gets through. */
  readonly enoughUsd?: number;
}

export interface ExperimentEstimate {
  readonly target: string;
  readonly dataset: string;
  /** Items that take part, and of how many where the run takes a sample. */
  readonly items: number;
  readonly ofItems: number | undefined;
  readonly repetitions: number;
  readonly cells: number;
  readonly concurrency: number;
  readonly parts: readonly EstimatedCalls[];
  readonly total: {
    readonly calls: Guess;
    readonly inputTokens: Guess;
    readonly outputTokens: Guess;
    readonly costUsd: Guess;
  };
  /** From the first cell to the last. */
  readonly seconds: Guess;
  /** Where a budget was given: whether the run gets through, with what is held for its last call. */
  readonly budget: EstimatedBudget | undefined;
  /** What all figures take for granted. */
  readonly assumptions: readonly string[];
}
