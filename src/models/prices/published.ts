import { calcPrice, findProvider, type PriceCalculation } from '@pydantic/genai-prices';

/** Where list prices come from: a table of Pydantic's, kept by people from the providers' own pages. */
export const publishedPrices = {
  package: '@pydantic/genai-prices',
  version: '0.1.8',
  /** The day of that version: later changes of prices are not in it. */
  released: '2026-09-23',
  /** The day on which it was looked at and chosen. */
  checked: '2026-11-21',
} as const;

/** A model of a provider's price list. */
export interface PublishedModel {
  readonly provider: string;
  /** The list's name of it, of which the config's may be a dated version. */
  readonly id: string;
  /** The config's name of it. */
  readonly asked: string;
  /** Pages of the provider. */
  readonly sources: readonly string[];
  readonly comment: string | undefined;
  /** Oldest first. */
  readonly periods: readonly PublishedPeriod[];
}

export interface PublishedPeriod {
  /** The first day; undefined where the table does not say since when. */
  readonly from: string | undefined;
  /** Hours of the day in UTC that the price is limited to. */
  readonly hours: string | undefined;
  readonly rates: Rates;
}

/** Dollars per million tokens, by the table's names; a price with steps depends on the length of the input. */
export type Rates = Readonly<Record<string, number | Steps | undefined>>;

export interface Steps {
  readonly base: number;
  readonly tiers: readonly { readonly start: number; readonly price: number }[];
}

/**
 * Looks a model up. The address decides who answers, where it is a known provider's; else the name of the provider
 * does, word for word: a price that is guessed is worse than none.
 */
export function findPublished(of: {
  readonly provider: string;
  readonly baseUrl: string | undefined;
  readonly model: string;
}): PublishedModel | undefined {
  const providerId = providerOf(of);
  const found =
    providerId === undefined
      ? null
      : calcPrice({}, of.model, { providerId, timestamp: new Date() });
  if (found === null) return undefined;
  return {
    provider: found.provider.id,
    id: found.model.id,
    asked: of.model,
    sources: found.provider.pricing_urls ?? [],
    comment: found.model.price_comments,
    periods: periodsOf(found.model),
  };
}

function providerOf(of: {
  readonly provider: string;
  readonly baseUrl: string | undefined;
}): string | undefined {
  const byAddress =
    of.baseUrl === undefined ? undefined : findProvider({ providerApiUrl: of.baseUrl });
  if (byAddress !== undefined) return byAddress.id;
  const name = of.provider.toLowerCase();
  return findProvider({ providerId: name })?.id === name ? name : undefined;
}

function periodsOf({ prices }: PriceCalculation['model']): readonly PublishedPeriod[] {
  if (!Array.isArray(prices)) return [{ from: undefined, hours: undefined, rates: prices }];
  return prices.map(({ constraint, prices: rates }) => ({
    from: constraint?.type === 'start_date' ? constraint.start_date : undefined,
    hours:
      constraint?.type === 'time_of_date'
        ? `${constraint.start_time}–${constraint.end_time}`
        : undefined,
    rates,
  }));
}

/** The rates of a moment, as the table chooses them (by day, some by the hour). */
export function ratesAt(model: PublishedModel, at: Date): Rates | undefined {
  const [only] = model.periods;
  if (model.periods.length === 1) return only?.rates;
  return calcPrice({}, model.asked, { providerId: model.provider, timestamp: at })?.model_price;
}
