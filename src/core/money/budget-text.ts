import { formatPico, picoFromDollars } from './pico.js';

/** Where a budget stood when it held no further call. In dollars. */
export interface BudgetAtCap {
  readonly spentUsd: number;
  readonly budgetUsd: number;
  /** What must be held for the next call; absent in what older workers told. */
  readonly neededUsd?: number;
}

/**
 * The smallest budget under which the next call is made. Rounded up to four significant digits, so that what is printed is
 * enough.
 */
export function leastBudget({ spentUsd, neededUsd = 0 }: BudgetAtCap): number {
  const exact = picoFromDollars(spentUsd) + picoFromDollars(neededUsd);
  const step = 10n ** BigInt(Math.max(0, String(exact).length - 4));
  return Number(((exact + step - 1n) / step) * step) / 1e12;
}

/** Why a run stands still at its budget, and the command that lets it go on. A part of the budget is often left. */
export function budgetPauseText(at: BudgetAtCap, name: string): string {
  const money = (usd: number): string => formatPico(picoFromDollars(usd));
  if (at.neededUsd === undefined) {
    return `budget used up: ${money(at.spentUsd)} of ${money(at.budgetUsd)}`;
  }
  const left = picoFromDollars(at.budgetUsd) - picoFromDollars(at.spentUsd);
  const shown = /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
  return (
    `budget: ${formatPico(left)} of ${money(at.budgetUsd)} are left and the next call must hold ${money(at.neededUsd)}; ` +
    `raise it: assay experiment budget ${shown} --usd ${decimal(leastBudget(at))} or more`
  );
}

/** A number of dollars as it is typed: `0.00000312`, never `3.12e-6`. */
export function decimal(usd: number): string {
  const text = usd.toFixed(12);
  return text.replace(/\.?0+$/, '');
}
