import type { FaultOrder } from './options.js';
import type { Random } from './random.js';

/** A fault that was ordered, with how often it struck. */
interface OrderedFault {
  readonly id: string;
  readonly order: FaultOrder;
  readonly struck: number;
}

/** The faults that are in force. */
export interface FaultBoard {
  order(fault: FaultOrder): OrderedFault;
  /** The fault that strikes this call, if any; counts it. The first in the order of their orders wins. */
  strike(model: string): FaultOrder | undefined;
  list(): readonly OrderedFault[];
  /** Lifts one fault, or all; false when there is none of that id. */
  lift(id?: string): boolean;
}

export const createFaultBoard = (faults: readonly FaultOrder[], random: Random): FaultBoard => {
  let ordered: { id: string; order: FaultOrder; struck: number }[] = [];
  let count = 0;
  const order = (fault: FaultOrder): OrderedFault => {
    count += 1;
    const entry = { id: `fault-${count}`, order: fault, struck: 0 };
    ordered.push(entry);
    return entry;
  };
  for (const fault of faults) order(fault);

  return {
    order,
    strike: (model) => {
      for (const entry of ordered) {
        const { share, next, models } = entry.order;
        if (models !== undefined && !models.includes(model)) continue;
        if (share !== undefined && random() >= share) continue;
        entry.struck += 1;
        if (next !== undefined && entry.struck >= next)
          ordered = ordered.filter((other) => other !== entry);
        return entry.order;
      }
      return undefined;
    },
    list: () => ordered.map((entry) => ({ ...entry })),
    lift: (id) => {
      const before = ordered.length;
      ordered = id === undefined ? [] : ordered.filter((entry) => entry.id !== id);
      return id === undefined || ordered.length < before;
    },
  };
};
