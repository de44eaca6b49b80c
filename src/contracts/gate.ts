/** What a gate is told: which loss is acceptable, of which evaluators, in which parts of the data. */
import { z } from 'zod';

import { resourceNameSchema } from './names.js';

/** A loss of exactly nothing can be shown by no sample: such a gate never passes. */
const marginSchema = z
  .number()
  .positive('a margin is more than 0: the loss that you would accept, such as 0.02')
  .max(1e9);

const shareSchema = marginSchema.max(
  1,
  'a margin of all scores is a share of their scale: at most 1',
);

/** A JSON pointer into the item, such as `/metadata/language`. */
const pointerSchema = z
  .string()
  .max(500)
  .regex(/^\/(?:[^~]|~[01])+$/, 'a JSON pointer into the item, such as /metadata/language');

const evaluatorGateSchema = z.strictObject({
  /** In the units of the score. Default: the gate's own, as a share of the scale. */
  margin: marginSchema.optional(),
  /** Whether it decides. Default: as the evaluator is in the config. */
  required: z.boolean().optional(),
  /** Which way is better. Default `higher`. */
  better: z.enum(['higher', 'lower']).optional(),
  /** What is compared: the score's value, or whether it passed. Default: numbers by their value, others by passing. */
  measure: z.enum(['value', 'passed']).optional(),
  /** Between what its values lie. Default 0 to 1, where all of them do. */
  scale: z
    .strictObject({ min: z.number(), max: z.number() })
    .refine(({ min, max }) => min < max, { message: 'a scale begins below its end' })
    .optional(),
});

const growthSchema = z.strictObject({
  /** The growth that is acceptable, as a share of the base: 0.1 is ten per cent more. */
  margin: marginSchema,
  /** Default true. */
  required: z.boolean().optional(),
  /** `mean`: of all cells together (default of cost). `geometric`: of the typical item (default of latency). */
  of: z.enum(['mean', 'geometric']).optional(),
});

const sliceSchema = z.union([
  pointerSchema,
  z.strictObject({
    by: pointerSchema,
    /** Whether a slice that gets worse makes the verdict `regress`. Default true. */
    guard: z.boolean().optional(),
  }),
]);

/** What may be said of a gate, in `assay.config.ts` and again for one gate; what is absent keeps its default. */
export const gateSettingsSchema = z.strictObject({
  /** The loss that is acceptable where an evaluator has no margin of its own, as a share of its scale. Default 0.02. */
  margin: shareSchema.optional(),
  /** The chance of calling an unchanged target worse. Intervals are of 1 − 2α. Default 0.05. */
  alpha: z.number().gt(0).max(0.25).optional(),
  /** By score name. */
  evaluators: z.record(resourceNameSchema, evaluatorGateSchema).optional(),
  /** Guards the cost of the target in each cell. Default: no guard. */
  cost: growthSchema.optional(),
  /** Guards the latency of the target in each cell. Default: no guard. */
  latency: growthSchema.optional(),
  /** Fields of the item by whose values the verdict is also looked at: one that gets worse in a slice regresses. */
  slices: z.array(sliceSchema).max(10).optional(),
  /** The field whose values tell which items belong together, such as those of one conversation. Default: each its own. */
  cluster: pointerSchema.optional(),
  /** What a verdict that cannot be known does to the exit code. Default `fail`. */
  inconclusive: z.enum(['pass', 'fail']).optional(),
  /**
   * What happens where dataset or evaluators are others than the base's. `compare` leaves out what changed, and says so. Default
   * `refuse`.
   */
  stale: z.enum(['refuse', 'compare']).optional(),
  /**
   * Cells of the head without a score where the base has one. `worst`: a pass must hold also if each of them had the worst
   * score; `exclude`: they are only listed. Default `worst`.
   */
  missing: z.enum(['worst', 'exclude']).optional(),
  /**
   * Whether a head that the gate starts is ended once no rest of it would change the verdict. The base is run before the head
   * then. Default false.
   */
  earlyStop: z.boolean().optional(),
  /** With which the smallest loss that would be seen, and the items that are needed, are told. Default 0.8. */
  power: z.number().gt(0.5).lt(1).optional(),
  /** Of the resampling. Default 1. */
  seed: z.int().min(0).max(2_147_483_647).optional(),
});

export type GateSettings = z.output<typeof gateSettingsSchema>;

/** One evaluator's part in a gate; absent members take what the gate and the evaluator say. */
export type EvaluatorGate = z.output<typeof evaluatorGateSchema>;

/** A guard of cost or latency. */
export type GrowthSettings = z.output<typeof growthSchema>;

/** Settings with every default filled in. */
export interface GatePolicy {
  readonly margin: number;
  readonly alpha: number;
  readonly power: number;
  readonly evaluators: Readonly<Record<string, EvaluatorGate>>;
  readonly cost: GrowthSettings | undefined;
  readonly latency: GrowthSettings | undefined;
  readonly slices: readonly { readonly by: string; readonly guard: boolean }[];
  readonly cluster: string | undefined;
  readonly inconclusive: 'pass' | 'fail';
  readonly stale: 'refuse' | 'compare';
  readonly missing: 'worst' | 'exclude';
  /** Absent in gates of before there was one. */
  readonly earlyStop?: boolean;
  readonly seed: number;
}
