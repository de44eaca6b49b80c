import { z } from 'zod';

import { notFound } from './http/errors.js';
import type { Handler, Reply } from './http/exchange.js';

/**
 * The write mode of a v4 server: `events_only` (its default) keeps v4 tables alone, `legacy` behaves like a
 * v3 server, `dual` writes and reads both.
 */
export const writeModeSchema = z.enum(['events_only', 'dual', 'legacy']);
export type WriteMode = z.infer<typeof writeModeSchema>;

interface InMode {
  readonly mode: WriteMode;
}

export const writesV3 = ({ mode }: InMode): boolean => mode !== 'events_only';
export const writesV4 = ({ mode }: InMode): boolean => mode !== 'legacy';

const gone: Reply = {
  status: 404,
  json: {
    message:
      'This endpoint is not available on deployments running in Langfuse v4 events_only mode. Learn more about Langfuse v4 at: https://langfuse.com/docs/v4',
  },
};

/** A read of the v3 tables: `events_only` refuses it before it looks at any parameter. */
export const v3Read = (context: InMode, handler: Handler): Handler =>
  writesV3(context) ? handler : () => gone;

/** Refuses a v4 endpoint in `legacy`: called once the parameters are validated, as on the real server. */
export function requireV4(context: InMode, api: string): void {
  if (writesV4(context)) return;
  throw notFound(
    `The ${api} API is only available in a Langfuse v4 write mode. Learn more at: https://langfuse.com/docs/v4`,
  );
}
