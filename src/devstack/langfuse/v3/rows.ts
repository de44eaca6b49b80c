import type { ModelPrice } from '../otlp/prices.js';
import { costOf } from '../otlp/prices.js';
import type { SpanDetail } from '../otlp/span-row.js';
import { withTotal } from '../otlp/usage.js';
import type { ObservationPart, TracePart } from './parts.js';

/** A trace as it goes into its table, with the server's defaults. */
export function traceRow(part: TracePart) {
  return {
    ...part,
    environment: part.environment ?? 'default',
    tags: part.tags ?? [],
    public: part.public ?? false,
    metadata: part.metadata ?? {},
  };
}

/** An observation as it goes into its table: usage totalled, cost as given or by the model's price. */
export function observationRow(
  part: ObservationPart,
  priceOf: (model: string) => ModelPrice | undefined,
) {
  const { replaces: _replaces, ...row } = part;
  return {
    ...row,
    // An observation without a trace is one of its own.
    trace_id: part.trace_id ?? part.id,
    type: part.type ?? 'SPAN',
    start_time: part.start_time ?? new Date().toISOString(),
    level: part.level ?? 'DEFAULT',
    environment: part.environment ?? 'default',
    metadata: part.metadata ?? {},
    detail: { ...part.detail, ...moneyOf(part, priceOf) },
  };
}

function moneyOf(
  { model, detail }: ObservationPart,
  priceOf: (model: string) => ModelPrice | undefined,
): SpanDetail {
  const usage = withTotal({ ...detail.givenUsage });
  const given = withTotal({ ...detail.givenCost });
  const price = model === undefined || model === '' ? undefined : priceOf(model);
  const cost = Object.keys(given).length > 0 ? given : price && costOf(price, usage);
  return {
    ...(Object.keys(usage).length === 0 ? {} : { usage }),
    ...(cost === undefined ? {} : { cost }),
    ...(price === undefined
      ? {}
      : {
          price: { id: price.id, input: price.input, output: price.output, total: price.total },
        }),
  };
}
