import { setMaxListeners } from 'node:events';
import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';

import { Agent, buildConnector } from 'undici';

import { AssayError } from '../core/errors/assay-error.js';
import { readAddress } from './addresses.js';
import type { AllowList } from './allow-list.js';

/** Resolves a name to all its addresses. Default: the system's resolver. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Where a connection is to go: what the rules are asked about. */
interface Destination {
  readonly hostname: string;
  readonly port: number;
}

const connectTimeoutMs = 10_000;

/**
 * An undici agent that connects only where the rules allow it. Three gates, since each alone has a hole: Node
 * never calls `lookup` for an IP literal; a check before the request can be answered with another address by the
 * time of the connection (DNS rebinding); so the very addresses that were checked are those handed to the socket,
 * and the address it reached is checked once more.
 */
export function createGuardedAgent(options: {
  rules: AllowList;
  resolve: Resolve | undefined;
  /** Aborted on closing: names that are still being resolved then are not waited for. */
  closing: AbortSignal;
}): Agent {
  const { rules, resolve = resolveAll, closing } = options;
  // One listener for each connection that is being made.
  setMaxListeners(0, closing);
  return new Agent({
    // Both are limited by the caller's total time; undici's own five minutes would cut long calls short.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (target, callback) => {
      const destination = destinationOf(target);
      const literal = readAddress(destination.hostname);
      if (literal !== undefined) {
        const verdict = rules.refusal(literal, destination);
        if (verdict !== undefined) {
          callback(forbidden(destination, `is ${verdict.kind}`), null);
          return;
        }
      }
      const connector = buildConnector({
        timeout: connectTimeoutMs,
        lookup: guardedLookup({ rules, resolve, destination, closing }),
      });
      connector(target, (error, socket) => {
        const refusal = error === null ? refusalOfPeer(rules, socket, destination) : undefined;
        if (error === null && refusal === undefined) callback(null, socket);
        else {
          socket?.destroy();
          callback(error ?? refusal ?? new Error('no socket'), null);
        }
      });
    },
  });
}

/** Throws where a URL's host is an IP literal that is closed, so that nothing is queued for it. */
export function checkLiteral(rules: AllowList, url: URL): void {
  const destination = destinationOf(url);
  const literal = readAddress(destination.hostname);
  const verdict = literal === undefined ? undefined : rules.refusal(literal, destination);
  if (verdict !== undefined) throw forbidden(destination, `is ${verdict.kind}`);
}

function guardedLookup(guard: {
  rules: AllowList;
  resolve: Resolve;
  destination: Destination;
  closing: AbortSignal;
}): LookupFunction {
  const { rules, resolve, destination, closing } = guard;
  return (hostname, options, callback) => {
    unlessAborted(resolve(hostname), closing).then(
      (addresses) => {
        const refusal = refusalOfAnswers({ rules, addresses, destination });
        const [first] = addresses;
        if (refusal !== undefined) callback(refusal, '', 4);
        else if (first === undefined) callback(notFound(hostname), '', 4);
        else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, '', 4),
    );
  };
}

function unlessAborted<T>(pending: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void =>
      reject(Object.assign(new Error('The way out was closed.'), { code: 'UND_ERR_CLOSED' }));
    signal.addEventListener('abort', abort, { once: true });
    pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

// One closed address among open ones closes the name: a mixed answer is how rebinding begins.
function refusalOfAnswers(answer: {
  rules: AllowList;
  addresses: readonly LookupAddress[];
  destination: Destination;
}): AssayError | undefined {
  for (const { address } of answer.addresses) {
    const read = readAddress(address);
    const kind =
      read === undefined
        ? 'an unreadable address'
        : answer.rules.refusal(read, answer.destination)?.kind;
    if (kind !== undefined) return forbidden(answer.destination, `resolves to ${kind}`);
  }
  return undefined;
}

function refusalOfPeer(
  rules: AllowList,
  socket: Socket,
  destination: Destination,
): AssayError | undefined {
  const peer = readAddress(socket.remoteAddress ?? '');
  // A socket that closed at once has no peer any more; undici reports that itself.
  const verdict = peer === undefined ? undefined : rules.refusal(peer, destination);
  return verdict === undefined ? undefined : forbidden(destination, `led to ${verdict.kind}`);
}

function forbidden({ hostname, port }: Destination, why: string): AssayError {
  const never = /link-local|metadata/.test(why);
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return new AssayError('ADDRESS_FORBIDDEN', `${host}:${port} ${why}, which is not allowed.`, {
    mend: never
      ? 'Link-local and cloud metadata addresses are never allowed; use another address.'
      : 'If this is your own service, name the host, address or range in `network.allow`.',
  });
}

function destinationOf(from: { hostname: string; port: string; protocol: string }): Destination {
  const hostname = from.hostname.replace(/^\[|\]$/g, '');
  const port = Number(from.port) || (from.protocol === 'https:' ? 443 : 80);
  return { hostname, port };
}

function notFound(hostname: string): Error {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}

const resolveAll: Resolve = (hostname) => systemLookup(hostname, { all: true, verbatim: true });
