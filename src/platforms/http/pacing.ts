import type { HttpAnswer } from './transport.js';
import { retryAfterMs } from './retry-after.js';

/** What came of a paced request; undefined where no answer came. */
export interface PacedAnswer {
  readonly status: number;
  /** Of a 429. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Lets requests leave at the pace that the server takes, whoever in the fleet asks: Langfuse Cloud counts per organisation, minute
 * and kind of endpoint (30 to 1,000 requests). Not asked for ingestion, which has limits of its own and obeys their 429.
 */
export type RequestPacer = (request: {
  readonly kind: RequestKind;
  readonly signal: AbortSignal;
}) => Promise<(answer: PacedAnswer | undefined) => void>;

/** The kinds of endpoints that Langfuse Cloud limits separately. */
export type RequestKind = 'general' | 'datasets' | 'metrics';

/** The kind of a path below the base URL. */
export function requestKind(path: string): RequestKind {
  if (/^\/api\/public\/(?:v2\/)?dataset/.test(path)) return 'datasets';
  return /^\/api\/public\/(?:v2\/)?metrics/.test(path) ? 'metrics' : 'general';
}

/** Makes one request through the pacer, if there is one. */
export async function paced(
  pacer: RequestPacer | undefined,
  request: { readonly path: string; readonly signal: AbortSignal },
  send: () => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  if (pacer === undefined) return send();
  const done = await pacer({ kind: requestKind(request.path), signal: request.signal });
  let told: PacedAnswer | undefined;
  try {
    const answer = await send();
    const { status } = answer;
    const asked =
      status === 429 ? retryAfterMs(answer.header('retry-after'), Date.now()) : undefined;
    told = { status, retryAfterMs: asked };
    return answer;
  } finally {
    done(told);
  }
}
