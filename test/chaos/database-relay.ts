import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import type { Ambush, Ambushes } from './ambush.js';

/** A way to a service, and its end. */
export interface Relay {
  readonly url: string;
  close(): Promise<void>;
}

/** Runs tasks one after the other; what was read last waits, and so does its sender. */
const createTurn = (from: Socket): ((task: () => Promise<void> | void) => void) => {
  let turn: Promise<void> = Promise.resolve();
  let waiting = 0;
  return (task) => {
    waiting += 1;
    from.pause();
    turn = turn.then(task).catch(() => undefined);
    void turn.then(() => {
      waiting -= 1;
      if (waiting === 0) from.resume();
    });
  };
};

const relayConnection = (client: Socket, upstream: Socket, ambushes: Ambushes): void => {
  // The address is gone once the connection is.
  const port = client.remotePort ?? 0;
  const end = (): void => {
    client.destroy();
    upstream.destroy();
  };
  for (const socket of [client, upstream]) {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', end);
  }
  let armed: Ambush | undefined;
  const up = createTurn(client);
  const down = createTurn(upstream);
  client.on('data', (chunk) => {
    up(async () => {
      const includes = (text: string): boolean => chunk.includes(text);
      const ambush = ambushes.find('database', 'sent', includes);
      if (ambush !== undefined && (await ambushes.spring(ambush, port)) === 'drop') {
        end();
        return;
      }
      armed ??= ambushes.find('database', 'answered', includes);
      upstream.write(chunk);
    });
  });
  upstream.on('data', (chunk) => {
    down(async () => {
      const ambush = armed;
      armed = undefined;
      if (ambush !== undefined && (await ambushes.spring(ambush, port)) === 'drop') {
        end();
        return;
      }
      client.write(chunk);
    });
  });
};

/** Carries the wire protocol of Postgres as it is; statements are told by their text. */
export const openDatabaseRelay = async (
  databaseUrl: string,
  ambushes: Ambushes,
): Promise<Relay> => {
  const target = new URL(databaseUrl);
  const clients = new Set<Socket>();
  const server = createServer({ pauseOnConnect: false }, (client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    relayConnection(client, connect(Number(target.port), target.hostname), ambushes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
};
