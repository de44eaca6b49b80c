import type { IncomingHttpHeaders } from 'node:http';

/** What a handler gets: the request after routing, authentication and body parsing. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Whether both the peer and the Host that it asked for are this machine. */
  readonly fromLoopback: boolean;
  /** The parsed JSON body; text when the content type is not JSON; undefined for `raw` routes. */
  readonly body: unknown;
  readonly rawBody: Buffer;
}

/** What a handler answers: JSON by default; `text` has no content type, as recorded. */
export type Reply =
  | {
      readonly status: number;
      readonly json: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly status: number; readonly text: string }
  | {
      readonly status: number;
      readonly html: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

export type Handler = (call: Call) => Promise<Reply> | Reply;

/** Which credentials open a route: none, the secret key, or also the bare public key (posting scores). */
export type Access = 'open' | 'secret' | 'secret-or-public';

/** A path with its methods. `{name}` in the path is a parameter; `ALL` answers any method. */
export interface Route {
  readonly path: string;
  readonly access?: Access;
  /** Keeps the body as bytes: the route parses (and limits) it itself. */
  readonly raw?: boolean;
  /** Says how a refusal of credentials looks where it differs from the rest of the API. */
  readonly unauthorized?: (message: string) => Reply;
  readonly methods: Readonly<Partial<Record<MethodName, Handler>>>;
}
export type MethodName = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'ALL';

export const ok = (json: unknown): Reply => ({ status: 200, json });
