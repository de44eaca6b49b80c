import type { ModelConfig, PriceConfig } from '../../contracts/config.js';
import type { ModelPrice } from '../../core/money/pico.js';
import type { Environment } from '../secrets.js';
import {
  findPublished,
  publishedPrices,
  ratesAt,
  type PublishedModel,
  type Rates,
} from './published.js';

/** What decides the price of a call. */
export interface PricedCall {
  /** When it was made: prices change. */
  readonly at: Date;
  readonly kind: 'chat' | 'embedding';
  /** Some prices rise with the length of the input. */
  readonly inputTokens: number;
}

/** A price and where it is from. */
export interface SourcedPrice {
  readonly price: ModelPrice;
  readonly source: 'config' | 'published';
  /** The provider and model of the price list. */
  readonly listed?: { readonly provider: string; readonly model: string };
  /** Pages of the provider. */
  readonly pages: readonly string[];
  /** The first day of this price; undefined where nobody says. */
  readonly from: string | undefined;
  /** The day up to which the source knows changes; undefined for the config. */
  readonly asOf: string | undefined;
}

/** Knows what models cost: what the config says, else the providers' list prices. */
export interface PriceBook {
  /** Undefined where the price is not known. */
  priceOf(model: ModelConfig, call: PricedCall): ModelPrice | undefined;
  /** The same with its source. */
  sourced(model: ModelConfig, call: PricedCall): SourcedPrice | undefined;
}

/** Makes the price book of this process. The address of a model can come from the environment, and says who answers. */
export function createPriceBook(environment: Environment): PriceBook {
  const published = new WeakMap<ModelConfig, { readonly model: PublishedModel | undefined }>();
  const listed = (model: ModelConfig): PublishedModel | undefined => {
    const known = published.get(model);
    if (known !== undefined) return known.model;
    const baseUrl = model.baseUrl ?? environment['OPENAI_BASE_URL'];
    const found = findPublished({ provider: model.provider, baseUrl, model: model.model });
    published.set(model, { model: found });
    return found;
  };
  const sourced = (model: ModelConfig, call: PricedCall): SourcedPrice | undefined => {
    const own = ownPrice(model.price, call.at);
    if (own !== undefined) {
      const { effectiveFrom, ...price } = own;
      return {
        price: withoutGaps(price),
        source: 'config',
        pages: [],
        from: effectiveFrom,
        asOf: undefined,
      };
    }
    const found = listed(model);
    const rates = found === undefined ? undefined : ratesAt(found, call.at);
    const price = rates === undefined ? undefined : listPrice(rates, call);
    if (found === undefined || price === undefined) return undefined;
    return {
      price,
      source: 'published',
      listed: { provider: found.provider, model: found.id },
      pages: found.sources,
      from: found.periods.find((period) => period.rates === rates)?.from,
      asOf: publishedPrices.released,
    };
  };
  return { sourced, priceOf: (model, call) => sourced(model, call)?.price };
}

/** The latest price of the config that holds at the moment; undefined where all of them begin later. */
function ownPrice(given: ModelConfig['price'], at: Date): PriceConfig | undefined {
  if (given === undefined) return undefined;
  const begin = ({ effectiveFrom }: PriceConfig): number =>
    effectiveFrom === undefined ? Number.NEGATIVE_INFINITY : Date.parse(effectiveFrom);
  return (Array.isArray(given) ? given : [given])
    .filter((price) => begin(price) <= at.getTime())
    .reduce<PriceConfig | undefined>(
      (latest, price) => (latest === undefined || begin(price) >= begin(latest) ? price : latest),
      undefined,
    );
}

// A schema's optional field may be present and undefined; the price's type says absent.
function withoutGaps(price: Omit<PriceConfig, 'effectiveFrom'>): ModelPrice {
  const { input, output, cachedInput, reasoning } = price;
  return {
    input,
    output,
    ...(cachedInput === undefined ? {} : { cachedInput }),
    ...(reasoning === undefined ? {} : { reasoning }),
  };
}

/**
 * The list price of a call of text. Unknown where the list has none for input, none for output (embeddings give none), or
 * one for each request, which tokens do not tell. A model that is listed without rates is part of some subscription.
 */
function listPrice(rates: Rates, { kind, inputTokens }: PricedCall): ModelPrice | undefined {
  const rate = (name: string): number | undefined => {
    const given = rates[name];
    if (typeof given !== 'object') return given;
    // The step that the whole input reaches decides for all tokens of the call, as the providers do it.
    const reached = given.tiers.filter(({ start }) => inputTokens > start);
    return reached.sort((a, b) => a.start - b.start).at(-1)?.price ?? given.base;
  };
  const input = rate('input_mtok');
  const output = rate('output_mtok') ?? (kind === 'embedding' ? 0 : undefined);
  if (input === undefined || output === undefined || rates['requests_kcount'] !== undefined) {
    return undefined;
  }
  const cachedInput = rate('cache_read_mtok');
  const reasoning = rate('output_reasoning_mtok');
  return {
    input,
    output,
    ...(cachedInput === undefined ? {} : { cachedInput }),
    ...(reasoning === undefined ? {} : { reasoning }),
  };
}
