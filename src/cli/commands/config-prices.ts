import type { Command } from 'commander';

import type { Config, ModelConfig } from '../../contracts/config.js';
import type { PriceBook, SourcedPrice } from '../../models/prices/price-book.js';
import type { Cli, Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { renderTable } from '../io/table.js';

/** `assay prices` */
export function registerPrices(program: Command, { handle }: Registration): void {
  const command = program
    .command('prices')
    .description('List what the models of assay.config.ts cost, with source and date')
    .addHelpText(
      'after',
      `
Examples:
  $ assay prices
  $ assay prices --json

Dollars per million tokens. A price in assay.config.ts comes first; else the list price of the provider, from a table
that is part of this version. Where neither is known costs are unknown, and a run with a budget is refused.`,
    );
  handle(command, prices);
}

interface PriceRow {
  readonly name: string;
  readonly model: ModelConfig;
  readonly sourced: SourcedPrice | undefined;
}

async function prices(cli: Cli): Promise<void> {
  const [{ effectiveEnvironment }, { loadProject }, { createPriceBook }, { publishedPrices }] =
    await Promise.all([
      import('../../client/connections.js'),
      import('./config-load.js'),
      import('../../models/prices/price-book.js'),
      import('../../models/prices/published.js'),
    ]);
  const variables = await effectiveEnvironment(cli.folder, cli.environment);
  const { config } = await loadProject(cli.folder, variables);
  const found = pricesOf(config, createPriceBook(variables));
  const rows = Object.entries(config.models).map(([name, model]) => ({
    name,
    model,
    sourced: found.get(name),
  }));
  if (cli.json) {
    await cli.out.line(jsonText({ table: publishedPrices, models: rows.map(factsOf) }));
    return;
  }
  await cli.out.line(textOf(cli, rows));
  await cli.out.line(
    cli.out.colours.dim(
      `Dollars per million tokens. List prices: ${publishedPrices.package} ${publishedPrices.version} of ${publishedPrices.released}.`,
    ),
  );
}

/**
 * What each model of a config costs for a short prompt: some cost more from a length on. A model without a price of output
 * makes vectors.
 */
export function pricesOf(
  config: Pick<Config, 'models'>,
  book: Pick<PriceBook, 'sourced'>,
): ReadonlyMap<string, SourcedPrice | undefined> {
  const at = new Date();
  return new Map(
    Object.entries(config.models).map(([name, model]) => [
      name,
      book.sourced(model, { at, kind: 'chat', inputTokens: 0 }) ??
        book.sourced(model, { at, kind: 'embedding', inputTokens: 0 }),
    ]),
  );
}

const factsOf = ({ name, model, sourced }: PriceRow) => ({
  name,
  provider: model.provider,
  model: model.model,
  price: sourced?.price ?? null,
  source: sourced?.source ?? null,
  listed: sourced?.listed ?? null,
  pages: sourced?.pages ?? [],
  effectiveFrom: sourced?.from ?? null,
  asOf: sourced?.asOf ?? null,
});

function textOf({ out }: Cli, rows: readonly PriceRow[]): string {
  const { safe } = out;
  const rate = (dollars: number | undefined): string =>
    dollars === undefined ? '—' : `$${dollars}`;
  return renderTable(
    [
      { heading: 'Model' },
      { heading: 'Name there' },
      { heading: 'Input', align: 'right' },
      { heading: 'Cached', align: 'right' },
      { heading: 'Output', align: 'right' },
      { heading: 'Reasoning', align: 'right' },
      { heading: 'Since' },
      { heading: 'Source' },
    ],
    rows.map(({ name, model, sourced }) => [
      safe(name),
      safe(`${model.provider}/${model.model}`),
      sourced === undefined ? 'unknown' : rate(sourced.price.input),
      rate(sourced?.price.cachedInput),
      sourced === undefined ? 'unknown' : rate(sourced.price.output),
      rate(sourced?.price.reasoning),
      safe(sourced?.from ?? '—'),
      safe(sourceText(sourced)),
    ]),
  );
}

function sourceText(sourced: SourcedPrice | undefined): string {
  if (sourced === undefined) return 'none: give it a `price` in assay.config.ts';
  if (sourced.source === 'config') return 'assay.config.ts';
  return sourced.pages[0] ?? `list of ${sourced.listed?.provider ?? 'the provider'}`;
}
