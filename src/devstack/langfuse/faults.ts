import type { FaultRule } from './options.js';
import type { Random } from './random.js';

interface ArmedRule {
  readonly rule: FaultRule;
  left: number;
  readonly until: number;
}

/** Decides, reproducibly for one seed, which requests are struck and how. */
export class FaultEngine {
  #armed: ArmedRule[] = [];
  readonly #random: Random;

  constructor(rules: readonly FaultRule[], random: Random) {
    this.#random = random;
    this.add(rules);
  }

  add(rules: readonly FaultRule[]): void {
    const now = Date.now();
    for (const rule of rules)
      this.#armed.push({
        rule,
        left: rule.next ?? Number.POSITIVE_INFINITY,
        until: rule.kind === 'down' ? now + (rule.seconds ?? 0) * 1_000 : Number.POSITIVE_INFINITY,
      });
  }

  clear(): void {
    this.#armed = [];
  }

  current(): readonly { rule: FaultRule; left: number | null }[] {
    this.#forgetSpent();
    return this.#armed.map(({ rule, left }) => ({
      rule,
      left: Number.isFinite(left) ? left : null,
    }));
  }

  /** The faults that strike this request; each `next` counts down only when its rule strikes. */
  strike(method: string, path: string): readonly FaultRule[] {
    if (this.#armed.length === 0) return [];
    this.#forgetSpent();
    const struck: FaultRule[] = [];
    for (const armed of this.#armed) {
      if (!matches(armed.rule, method, path)) continue;
      const { probability } = armed.rule;
      if (probability !== undefined && this.#random() >= probability) continue;
      armed.left -= 1;
      struck.push(armed.rule);
    }
    return struck;
  }

  #forgetSpent(): void {
    const now = Date.now();
    this.#armed = this.#armed.filter((armed) => armed.left > 0 && armed.until > now);
  }
}

function matches(rule: FaultRule, method: string, path: string): boolean {
  if (rule.method !== undefined && rule.method.toUpperCase() !== method) return false;
  return rule.pathPrefix === undefined || path.startsWith(rule.pathPrefix);
}
