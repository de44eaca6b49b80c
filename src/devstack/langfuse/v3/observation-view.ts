import { parsedMetadata, parsedText } from './trace-view.js';
import type { ObservationRow } from './stored.js';

/** Where an observation is shown: the real server's answers differ in prices and pricing tier. */
export type Place = 'list' | 'get' | 'trace';

/** An observation in the shape of v1. */
export function observationView(row: ObservationRow, place: Place) {
  const { detail } = row;
  const { price, usage = {}, cost = {} } = detail;
  const noPrice = place === 'trace' ? 0 : null;
  const tier = place === 'list' ? undefined : price;
  const units = {
    input: usage['input'] ?? 0,
    output: usage['output'] ?? 0,
    total: usage['total'] ?? 0,
  };
  return {
    id: row.id,
    traceId: row.trace_id,
    startTime: row.start_time,
    endTime: row.end_time,
    projectId: row.project_id,
    parentObservationId: row.parent_id,
    type: row.type,
    environment: row.environment,
    name: row.name,
    level: row.level,
    statusMessage: detail.statusMessage ?? null,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    input: parsedText(row.input),
    output: parsedText(row.output),
    metadata: parsedMetadata(row.metadata),
    model: row.model,
    modelParameters: detail.modelParameters ?? null,
    completionStartTime: detail.completionStartTime ?? null,
    promptId: row.prompt_id,
    promptName: detail.promptName ?? null,
    promptVersion: detail.promptVersion ?? null,
    latency: secondsBetween(row.start_time, row.end_time),
    timeToFirstToken: secondsBetween(
      row.start_time,
      detail.completionStartTime === undefined ? null : new Date(detail.completionStartTime),
    ),
    usageDetails: usage,
    costDetails: cost,
    usagePricingTierId: tier === undefined ? null : `${tier.id}_tier_default`,
    usagePricingTierName: tier === undefined ? null : 'Standard',
    modelId: price?.id ?? null,
    inputPrice: price?.input ?? noPrice,
    outputPrice: price?.output ?? noPrice,
    totalPrice: price?.total ?? noPrice,
    calculatedInputCost: cost['input'] ?? null,
    calculatedOutputCost: cost['output'] ?? null,
    calculatedTotalCost: cost['total'] ?? 0,
    unit: 'TOKENS',
    promptTokens: units.input,
    completionTokens: units.output,
    totalTokens: units.total,
    usage: { unit: 'TOKENS', ...units },
  };
}

function secondsBetween(start: Date, end: Date | null): number | null {
  return end === null ? null : (end.getTime() - start.getTime()) / 1_000;
}
