import type { Database } from './db/database.js';
import type { FaultEngine } from './faults.js';
import type { Route } from './http/exchange.js';
import type { RequestLog } from './request-log.js';
import type { WriteMode } from './mode.js';
import type { Visibility } from './visibility.js';

/** What every plugin is given. */
export interface DevServerContext {
  readonly database: Database;
  readonly project: { readonly id: string; readonly name: string };
  readonly publicKey: string;
  readonly mode: WriteMode;
  /** The release that the server says it is. */
  readonly version: string;
  readonly visibility: Visibility;
  readonly faults: FaultEngine;
  readonly log: RequestLog;
}

/** One capability: it contributes its routes. */
export type Plugin = (context: DevServerContext) => readonly Route[];
