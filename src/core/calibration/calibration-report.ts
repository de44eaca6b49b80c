/** How well a judge agrees with people, as plain JSON. What is not known is `null` with the reason, never a zero. */
import type { PairPreference } from '../../contracts/records.js';
import type { Figure } from './figure.js';
import type { HumanLabel } from './label.js';

/** Which judge was calibrated. */
export interface JudgeFacts {
  readonly name: string;
  /** One output against a rubric, or two against each other. */
  readonly kind: 'pointwise' | 'pairwise';
  /** `provider/model`; null for an evaluator that names none. */
  readonly model: string | null;
  /** sha256 of what it is told; null for an evaluator that is no LLM judge. */
  readonly prompt: string | null;
  /** From which score on an output passes; grades of people are cut here as well. */
  readonly passAt: number;
}

/** One labelled item as the judge left it. */
export type CalibrationCase = {
  readonly label: HumanLabel | undefined;
  /** Characters of what was judged, and of what it was compared with. */
  readonly length: number;
  readonly otherLength?: number | undefined;
  /** Of a pairwise judge: what it preferred with the output in first place, and in second. */
  readonly orders?: readonly PairPreference[] | undefined;
} & (
  | { readonly outcome: 'scored'; readonly score: number; readonly passed: boolean }
  | { readonly outcome: 'abstained' | 'errors' | 'notApplicable' | 'notReached' }
);

export interface CalibrationReport {
  readonly judge: JudgeFacts;
  /** planned = judged + abstained + errors + notApplicable + notReached. */
  readonly counts: {
    readonly planned: number;
    readonly judged: number;
    readonly abstained: number;
    /** The judge gave no verdict that could be read, or could not be asked. */
    readonly errors: number;
    readonly notApplicable: number;
    /** Skipped, or without a stored output. */
    readonly notReached: number;
    /** Items without a label, and with one that does not fit the kind of the judge: in no figure. */
    readonly unlabelled: number;
    readonly otherKind: number;
  };
  /** How often people gave each label, over all items. */
  readonly labels: readonly { readonly label: string; readonly n: number }[];
  readonly confusion: readonly {
    readonly human: string;
    readonly judge: string;
    readonly n: number;
  }[];
  /** Of what people let pass (or prefer) the share that the judge lets pass too. Wilson interval. */
  readonly truePositiveRate: Figure;
  /** Of what people fail (or prefer the other to) the share that the judge fails too. Wilson interval. */
  readonly trueNegativeRate: Figure;
  /** Wilson interval. */
  readonly agreement: Figure;
  /** Cohen's kappa, asymptotic interval of Fleiss, Cohen and Everitt (1969). */
  readonly kappa: Figure;
  /** Above 0 where the judge favours what is longer, more than people do. t interval. */
  readonly lengthBias: Figure;
  /** The judge's score less the grade of people; null where they gave no grades. t interval. */
  readonly gradeDifference: Figure | null;
  /** Null for a judge that looks at one output. */
  readonly position: {
    /** Of the pairs the share whose verdict changes with the order. Wilson interval. */
    readonly changed: Figure;
    /** Of those the share in which the first place won: 0.5 where no place is favoured. Wilson interval. */
    readonly firstPreferred: Figure;
  } | null;
}

/** The calibration of a run: one for each of its evaluators. */
export interface CalibrationDocument {
  readonly format: 'assay-calibration';
  readonly version: 1;
  readonly project: string;
  readonly experiment: string;
  readonly runUid: string;
  readonly manifestHash: string;
  readonly dataset: { readonly name: string; readonly items: number; readonly itemsHash: string };
  /** Why the run did not come to its end, where it did not: then fewer items were judged than planned. */
  readonly status: string;
  readonly judges: readonly CalibrationReport[];
}
