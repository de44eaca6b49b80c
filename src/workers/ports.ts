import { hostname } from 'node:os';
import type { Logger } from 'pino';

import type { ExperimentPorts } from '../activities/experiment/ports.js';
import { requirePlatforms, type Connections } from '../contracts/environment.js';
import { platformNames } from '../core/platforms/backend.js';
import { createBudgetGate } from '../models/budget-gate.js';
import { createGovernor } from '../models/governor.js';
import { dropUnused, meetInStore } from '../models/governor-meeting.js';
import { createModelCallers } from '../models/model-caller.js';
import { createPaidCalls } from '../models/paid-calls.js';
import { createPriceBook } from '../models/prices/price-book.js';
import type { Environment } from '../models/secrets.js';
import { createOutbound } from '../outbound/outbound.js';
import { connectPlatforms } from '../platforms/connect.js';
import { createJournal } from '../store/journal/journal.js';
import { assertSchema } from '../store/migrate.js';
import { openStore } from '../store/store.js';
import type { CellTracing } from '../tracing/port.js';
import type { LoadedConfig } from './load-config.js';
import { platformPacer } from './platform-pacer.js';
import { createPromptFetcher } from './prompt-fetcher.js';
import { createPromptTurns } from './prompt-turns.js';

/** What a worker's activities are made of, and how it is taken apart again. */
export interface WorkerPorts {
  readonly ports: ExperimentPorts;
  close(): Promise<void>;
}

/**
 * Opens everything that the activities of a worker need.
 *
 * @throws AssayError ENVIRONMENT_INVALID where the config's platforms have no keys, POSTGRES_UNREACHABLE, SCHEMA_OUTDATED, SCHEMA_TOO_NEW, CONFIG_INVALID
 */
export async function openPorts(request: {
  loaded: LoadedConfig;
  connections: Connections;
  environment: Environment;
  tracing: CellTracing;
  draining: AbortSignal;
  aborting: AbortSignal;
  log: Logger;
  onOwner?: (owner: string) => void;
}): Promise<WorkerPorts> {
  const { loaded, connections, environment, tracing, draining, aborting, log, onOwner } = request;
  requirePlatforms(connections, platformNames(loaded.config.platform.backend));
  const holder = `${hostname()}:${process.pid}`;
  const store = await openStore({
    url: connections.databaseUrl,
    max: 8,
    applicationName: 'assay-worker',
  });
  try {
    await assertSchema(store);
    const journal = await createJournal(store, {
      worker: holder,
      ...(onOwner === undefined ? {} : { onOwner }),
    });
    const governor = createGovernor({ place: meetInStore(store), worker: holder });
    await dropUnused(store);
    const budgets = createBudgetGate(store);
    const paidCalls = createPaidCalls({ journal, governor, budgets });
    const prices = createPriceBook(environment);
    const outbound = createOutbound({ allow: loaded.config.network.allow });
    const promptTurns = createPromptTurns(connections.databaseUrl);
    const platforms = connectPlatforms(connections, {
      environment:
        loaded.config.platform.environment ??
        (environment['LANGFUSE_TRACING_ENVIRONMENT'] || 'assay'),
      pacerOf: (platform, url) => platformPacer(governor, { platform, url }),
      promptTurnsOf: promptTurns.of,
    });
    const prompts = createPromptFetcher({ platforms, store, loaded, connections });
    const ports: ExperimentPorts = {
      store,
      databaseUrl: connections.databaseUrl,
      project: { ...loaded, fetchPrompt: prompts.fetch },
      platforms,
      models: createModelCallers({ models: loaded.config.models, paidCalls, environment, prices }),
      prices,
      paidCalls,
      governor,
      outbound,
      environment,
      tracing,
      holder,
      draining,
      aborting,
      log,
    };
    return {
      ports,
      async close() {
        await prompts.settled();
        await governor.close();
        await budgets.close();
        await journal.close();
        await outbound.close();
        await Promise.all(platforms.map((platform) => platform.close()));
        await promptTurns.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
