import { pino } from 'pino';

import type { Exporter } from '../../src/activities/experiment/export-state.js';
import { createExporter } from '../../src/activities/experiment/export.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import type { OutboundExport, Platform, SendOutcome } from '../../src/platforms/port.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { publicationCounts } from '../../src/store/publication.js';
import { openPublisherSession, type PublisherSession } from '../../src/store/publisher/session.js';
import { commitOf, newCells, unique, type TestStore } from './store-fixtures.js';

/** A run whose cells have ended, and a publisher over a platform whose answers are given. */
export interface ExportSetup {
  readonly experimentId: string;
  readonly cellIds: readonly string[];
  readonly session: PublisherSession;
  /** What reached the platform, by the ids of each request. */
  readonly posts: (readonly string[])[];
  /** The answers to come; accepted where there is none. */
  readonly answers: SendOutcome[];
  readonly found: Set<string>;
  readonly platform: Platform;
  readonly exporterOver: (
    session: PublisherSession,
    platform?: Platform,
    restMs?: number,
  ) => Exporter;
}

export async function sessionFor(test: TestStore, experimentId: string): Promise<PublisherSession> {
  const opened = await openPublisherSession(test.database.url, {
    platform: 'langfuse',
    partition: experimentId,
    holder: unique('holder'),
  });
  if (opened.state === 'held') throw new Error('the drain is held');
  return opened.session;
}

export async function setupExport(test: TestStore, cells: number): Promise<ExportSetup> {
  const { experimentId, cellIds } = await newCells(test.store, cells);
  await commitCells(
    test.store,
    cellIds.map((cellId) => commitOf(cellId, {}, experimentId)),
  );
  const session = await sessionFor(test, experimentId);
  const posts: (readonly string[])[] = [];
  const answers: SendOutcome[] = [];
  const found = new Set<string>();
  // The platform's faults are what is tested here, so its answers are given.
  const platform: Platform = {
    ...createLangfusePlatform({
      baseUrl: 'http://127.0.0.1:9',
      publicKey: 'pk',
      secretKey: 'sk',
      environment: 'test',
    }),
    send: (batch: OutboundExport, _, mayPost) => {
      if (mayPost?.() !== true) {
        return Promise.resolve({ outcome: 'unreachable', reason: 'held back' });
      }
      posts.push(batch.records.flatMap(({ ids }) => ids));
      return Promise.resolve(answers.shift() ?? { outcome: 'accepted', refused: [] });
    },
    findExport: () => Promise.resolve(found),
  };
  return {
    experimentId,
    cellIds,
    session,
    posts,
    answers,
    found,
    platform,
    exporterOver: (session, over = platform, restMs = 10_000) =>
      createExporter({
        platform: over,
        session,
        visibilityMs: 0,
        restMs,
        log: pino({ level: 'silent' }),
      }),
  };
}

/** How often it was sent again without knowing what became of the try before. */
export const resendsOf = async (
  test: TestStore,
  experimentId: string,
): Promise<number | undefined> =>
  (await publicationCounts(test.store, experimentId))[0]?.ambiguousResends;
