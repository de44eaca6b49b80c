import { Client, Connection } from '@temporalio/client';

import type { Connections } from '../contracts/environment.js';
import { AssayError } from '../core/errors/assay-error.js';
import { connectPlatforms } from '../platforms/connect.js';
import type { Platform } from '../platforms/port.js';
import { openStore, type Store } from '../store/store.js';

/** What the client talks to; each part is opened when it is first needed. */
export interface Transport {
  temporal(): Promise<Client>;
  /** Reads only: the database refuses writes of this connection. */
  store(): Promise<Store>;
  /** All that are connected: at least one. */
  platforms(): readonly Platform[];
  close(): Promise<void>;
}

/** Opens nothing yet. */
export function createTransport(connections: Connections): Transport {
  let connection: Promise<Connection> | undefined;
  let store: Promise<Store> | undefined;
  let platforms: readonly Platform[] | undefined;
  return {
    async temporal() {
      connection ??= connect(connections.temporal.address);
      // A failed attempt is not kept: the next call may find the server up again.
      connection.catch(() => (connection = undefined));
      return new Client({
        connection: await connection,
        namespace: connections.temporal.namespace,
      });
    },
    async store() {
      store ??= openStore({
        url: readOnly(connections.databaseUrl),
        max: 2,
        applicationName: 'assay-client',
      });
      store.catch(() => (store = undefined));
      return store;
    },
    platforms() {
      platforms ??= connectPlatforms(connections, { environment: 'assay' });
      return platforms;
    },
    async close() {
      await Promise.allSettled([
        connection?.then((open) => open.close()),
        store?.then((open) => open.close()),
        ...(platforms ?? []).map((platform) => platform.close()),
      ]);
    },
  };
}

async function connect(address: string): Promise<Connection> {
  try {
    return await Connection.connect({ address, connectTimeout: '5 s' });
  } catch (cause) {
    throw new AssayError('TEMPORAL_UNREACHABLE', `Temporal does not answer at ${address}.`, {
      mend: 'Start `assay dev` in this folder, or set TEMPORAL_ADDRESS to your server.',
      cause,
    });
  }
}

function readOnly(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  // Added to what the URL says: some providers route by `options`.
  const given = url.searchParams.get('options');
  const readOnlyOption = '-c default_transaction_read_only=on';
  url.searchParams.set('options', given === null ? readOnlyOption : `${given} ${readOnlyOption}`);
  return url.href;
}
