import type { CallRecord } from '../../contracts/records.js';
import { dollarsFromPico } from '../money/pico.js';
import { compareText } from './frequency-table.js';
import type { CallReport, CallTotals } from './report-model.js';

const mostModels = 200;

class CallSums {
  #calls = 0;
  #failed = 0;
  #replayed = 0;
  #input = 0;
  #cached = 0;
  #output = 0;
  #reasoning = 0;
  #withoutUsage = 0;
  #pico = 0n;
  #known = 0;
  #unknown = 0;

  add(call: CallRecord): void {
    this.#calls += 1;
    if (call.error !== undefined) this.#failed += 1;
    if (call.replayed === true) this.#replayed += 1;
    if (call.usage === undefined) this.#withoutUsage += 1;
    this.#input += call.usage?.inputTokens ?? 0;
    this.#cached += call.usage?.cachedInputTokens ?? 0;
    this.#output += call.usage?.outputTokens ?? 0;
    this.#reasoning += call.usage?.reasoningTokens ?? 0;
    if (call.costPico !== undefined) {
      this.#pico += call.costPico;
      this.#known += 1;
    } else if (call.error === undefined || call.error.code === 'MODEL_ANSWER_INVALID')
      this.#unknown += 1;
  }

  report(): CallTotals {
    return {
      calls: this.#calls,
      failed: this.#failed,
      replayed: this.#replayed,
      inputTokens: this.#input,
      cachedInputTokens: this.#cached,
      outputTokens: this.#output,
      reasoningTokens: this.#reasoning,
      withoutUsage: this.#withoutUsage,
      costDollars: dollarsFromPico(this.#pico),
      costKnown: this.#known,
      costUnknown: this.#unknown,
    };
  }
}

/** Adds up tokens, costs and counts of the calls, by purpose and by model. */
export class CallTally {
  readonly #purposes = {
    target: new CallSums(),
    judge: new CallSums(),
    embedding: new CallSums(),
    total: new CallSums(),
  };
  readonly #models = new Map<
    string,
    {
      readonly provider: string;
      readonly model: string;
      readonly purpose: string;
      readonly sums: CallSums;
    }
  >();

  add(call: CallRecord): void {
    this.#purposes.total.add(call);
    this.#purposes[call.purpose].add(call);
    const key = JSON.stringify([call.provider, call.model, call.purpose]);
    let entry = this.#models.get(key);
    if (entry === undefined) {
      if (this.#models.size >= mostModels) return;
      const { provider, model, purpose } = call;
      entry = { provider, model, purpose, sums: new CallSums() };
      this.#models.set(key, entry);
    }
    entry.sums.add(call);
  }

  report(): CallReport {
    const { target, judge, embedding, total } = this.#purposes;
    return {
      target: target.report(),
      judge: judge.report(),
      embedding: embedding.report(),
      total: total.report(),
      models: [...this.#models]
        .sort(([a, x], [b, y]) => compareText(y.purpose, x.purpose) || compareText(a, b))
        .map(([, { sums, ...model }]) => ({ ...model, ...sums.report() })),
    };
  }
}
