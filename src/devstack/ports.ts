import { createServer } from 'node:net';

import { AssayError } from '../core/errors/assay-error.js';

const bind = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const bound = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(bound));
    });
  });

/** Handed out but perhaps not yet listened on: two services that start at once must not get the same. */
const handedOut = new Set<number>();

/** A loopback port that is free now. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = await bind(0);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    setTimeout(() => handedOut.delete(port), 60_000).unref();
    return port;
  }
};

/** How a user names a port: said in the error when it is taken. */
export interface PortRequest {
  readonly port: number | undefined;
  /** Taken when it is free and none is asked for: the port of the last start, so that links stay good. */
  readonly preferred?: number | undefined;
  /** The service that would listen there. */
  readonly service: string;
  /** The flag or variable that changes it. */
  readonly setBy: string;
}

/**
 * The port to listen on: the one asked for, else a free one.
 * @throws AssayError PORT_TAKEN naming the port and what to change.
 */
export const claimPort = async (request: PortRequest): Promise<number> => {
  if (request.port === undefined || request.port === 0) {
    if (request.preferred === undefined) return freePort();
    return bind(request.preferred).catch(freePort);
  }
  try {
    return await bind(request.port);
  } catch (cause) {
    throw new AssayError(
      'PORT_TAKEN',
      `Port ${request.port} for ${request.service} is not free on 127.0.0.1.`,
      {
        mend: `Choose another with ${request.setBy}, leave it out for a free one, or stop what listens there.`,
        cause,
      },
    );
  }
};
