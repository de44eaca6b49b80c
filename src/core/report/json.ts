import { dollarsFromPico } from '../money/pico.js';
import { harmlessJson } from '../text/escape/json.js';
import type { ReportCell } from './report-input.js';
import type { ReportModel } from './report-model.js';

/** The report as an indented JSON document with a line end. */
export function renderJson(model: ReportModel): string {
  return `${harmlessJson(JSON.stringify(model, null, 2))}\n`;
}

/**
 * One cell in full as one line of JSON (JSON Lines) with its line end: item, output, scores with their comments,
 * errors, costs as decimal text in dollars. Of its calls only their number: their bodies stand in the trace.
 */
export function jsonLine(cell: ReportCell): string {
  const { item, calls, targetCostPico, judgeCostPico, embeddingCostPico, ...result } = cell;
  const dollars = (pico: bigint | undefined): string | null =>
    pico === undefined ? null : dollarsFromPico(pico);
  const line = JSON.stringify({
    ...result,
    item,
    calls: calls.length,
    targetCostDollars: dollars(targetCostPico),
    judgeCostDollars: dollars(judgeCostPico),
    embeddingCostDollars: dollars(embeddingCostPico),
  });
  return `${harmlessJson(line)}\n`;
}
