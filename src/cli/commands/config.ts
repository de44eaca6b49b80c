import type { Command } from 'commander';

import type { Config, TargetConfig } from '../../contracts/config.js';
import type { SourcedPrice } from '../../models/prices/price-book.js';
import type { Cli, Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import { renderTable } from '../io/table.js';
import { pricesOf } from './config-prices.js';

/** `assay config …` */
export function registerConfig(program: Command, { handle }: Registration): void {
  const group = program
    .command('config')
    .description('Look after assay.config.ts')
    .addHelpText('after', '\nExample:\n  $ assay config check');
  const command = group
    .command('check')
    .description('Execute and check assay.config.ts; list its targets, evaluators and models')
    .addHelpText(
      'after',
      `
Examples:
  $ assay config check
  $ assay -C examples/support-triage config check --json

Its members are checked first, all at once; then every target and evaluator is made as a run would make it, with the
prompts and rubrics that they read. Remembers the project of the folder for commands that never execute the config.`,
    );
  handle(command, check);
}

async function check(cli: Cli): Promise<void> {
  const [{ effectiveEnvironment }, { loadProject }, { checkParts }, { createPriceBook }] =
    await Promise.all([
      import('../../client/connections.js'),
      import('./config-load.js'),
      import('./config-parts.js'),
      import('../../models/prices/price-book.js'),
    ]);
  const variables = await effectiveEnvironment(cli.folder, cli.environment);
  const { config, codeHash, root } = await loadProject(cli.folder, variables);
  await checkParts({ config, codeHash, root });
  const prices = pricesOf(config, createPriceBook(variables));
  if (cli.json) await cli.out.line(jsonText(configFacts(config, { codeHash, root, prices })));
  else await cli.out.line(configText(config, cli.out, prices));
}

/** What the config holds, without its functions and without what secrets may stand in (headers, bodies). */
function configFacts(
  config: Config,
  of: { readonly codeHash: string; readonly root: string; readonly prices: ModelPrices },
) {
  return {
    project: config.project,
    root: of.root,
    codeHash: of.codeHash,
    targets: Object.entries(config.targets).map(([name, target]) => ({
      name,
      kind: target.kind,
      evaluators: target.evaluators ?? null,
    })),
    evaluators: Object.entries(config.evaluators).map(([name, { kind, required }]) => ({
      name,
      kind,
      required,
    })),
    models: Object.entries(config.models).map(([name, model]) => ({
      name,
      provider: model.provider,
      model: model.model,
      baseUrl: model.baseUrl ?? null,
      priced: of.prices.get(name) !== undefined,
      price: of.prices.get(name)?.price ?? null,
      priceSource: of.prices.get(name)?.source ?? null,
    })),
    datasetsFolder: config.datasetsFolder,
  };
}

function configText(config: Config, sink: Sink, prices: ModelPrices): string {
  const { safe } = sink;
  const { bold, green } = sink.colours;
  const targets = renderTable(
    [{ heading: 'Target' }, { heading: 'Kind' }, { heading: 'Evaluators' }],
    Object.entries(config.targets).map(([name, target]) => [
      safe(name),
      target.kind,
      evaluatorsOf(target),
    ]),
  );
  const evaluators = renderTable(
    [{ heading: 'Evaluator' }, { heading: 'Kind' }, { heading: 'Required' }],
    Object.entries(config.evaluators).map(([name, { kind, required }]) => [
      safe(name),
      kind,
      required ? 'yes' : 'no',
    ]),
  );
  const models = renderTable(
    [
      { heading: 'Model' },
      { heading: 'Provider' },
      { heading: 'Name there' },
      { heading: 'Price per million tokens' },
    ],
    Object.entries(config.models).map(([name, model]) => [
      safe(name),
      safe(model.provider),
      safe(model.model),
      priceText(prices.get(name)),
    ]),
  );
  return [
    `${green('✔')} assay.config.ts of project ${bold(safe(config.project))} is well-formed`,
    targets,
    evaluators,
    ...(Object.keys(config.models).length === 0 ? [] : [models]),
  ].join('\n\n');
}

type ModelPrices = ReadonlyMap<string, SourcedPrice | undefined>;

/** `$0.15 in, $0.6 out (list)`: dollars per million tokens, and whether a list or the config says so. */
function priceText(sourced: SourcedPrice | undefined): string {
  if (sourced === undefined) return 'unknown';
  const { price, source } = sourced;
  const from = source === 'config' ? 'config' : 'list';
  return `$${price.input} in, $${price.output} out (${from})`;
}

const evaluatorsOf = ({ evaluators }: TargetConfig): string => evaluators?.join(', ') ?? 'all';
