import type { IncomingHttpHeaders } from 'node:http';

import type { Workspace } from '../workspace.js';
import type { Part } from './multipart.js';

/** What a handler gets: the request after routing and authentication. */
export interface Call {
  readonly method: string;
  /** Without `/api/v1` and without a slash at the end. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The one that the key belongs to. */
  readonly workspace: Workspace;
  /** The parsed JSON body; refuses anything else with 422. */
  readonly json: () => unknown;
  /** The parts of a multipart body; refuses anything else with 422. */
  readonly parts: () => readonly Part[];
}

export interface Reply {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (call: Call) => Reply;
export type MethodName = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Which of the real service's two halves answers: they word refusals as `detail` and as `error`. */
export type Half = 'api' | 'ingest';

/** A path with its methods. `{name}` in the path is a parameter. */
export interface Route {
  readonly path: string;
  /** No key is asked for. */
  readonly open?: boolean;
  /** Default `api`. */
  readonly half?: Half;
  readonly methods: Readonly<Partial<Record<MethodName, Handler>>>;
}

export const ok = (json: unknown): Reply => ({ status: 200, json });
export const accepted = (message: string): Reply => ({ status: 202, json: { message } });
