/** An answer that is an error in OpenAI's shape; thrown on the way and sent by the server. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly status: number;
  readonly code: string | null;
  readonly type: string;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    detail: {
      readonly code?: string;
      readonly type?: string;
      readonly param?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.code = detail.code ?? null;
    this.type = detail.type ?? 'invalid_request_error';
    this.param = detail.param ?? null;
    this.headers = detail.headers ?? {};
  }

  /** The body, as OpenAI writes it. */
  body(): string {
    const { message, type, param, code } = this;
    return JSON.stringify({ error: { message, type, param, code } });
  }
}

export const invalidKey = (): WireError =>
  new WireError(401, 'Incorrect API key provided.', { code: 'invalid_api_key' });

export const badRequest = (message: string, param?: string): WireError =>
  new WireError(400, message, param === undefined ? {} : { param });

export const modelNotFound = (model: string): WireError =>
  new WireError(404, `The model \`${model.slice(0, 100)}\` does not exist.`, {
    code: 'model_not_found',
  });

/** `Retry-After` in whole seconds (its grammar has no fraction) and `retry-after-ms`, which OpenAI's clients prefer. */
const retryHeaders = (ms: number): Record<string, string> => ({
  'retry-after': String(Math.ceil(ms / 1000)),
  'retry-after-ms': String(Math.ceil(ms)),
});

export const rateLimited = (
  retryAfterMs: number,
  what: string,
  headers: Readonly<Record<string, string>>,
): WireError =>
  new WireError(429, `Rate limit reached for ${what} per minute.`, {
    code: 'rate_limit_exceeded',
    type: what,
    headers: { ...headers, ...retryHeaders(retryAfterMs) },
  });

export const insufficientQuota = (): WireError =>
  new WireError(
    429,
    'You exceeded your current quota, please check your plan and billing details.',
    {
      code: 'insufficient_quota',
      type: 'insufficient_quota',
    },
  );

const faultCodes: Readonly<Record<number, readonly [type: string, code: string]>> = {
  401: ['invalid_request_error', 'invalid_api_key'],
  404: ['invalid_request_error', 'model_not_found'],
  429: ['requests', 'rate_limit_exceeded'],
  500: ['server_error', 'internal_error'],
  503: ['server_error', 'service_unavailable'],
};

/** The error of an ordered `status` fault; `retryAfter` in seconds. */
export const orderedStatus = (fault: {
  readonly status: number;
  readonly retryAfter?: number | undefined;
  readonly code?: string | undefined;
}): WireError => {
  const [type, code] = faultCodes[fault.status] ?? [
    fault.status >= 500 ? 'server_error' : 'invalid_request_error',
    `http_${fault.status}`,
  ];
  return new WireError(fault.status, `The fault that was ordered: HTTP ${fault.status}.`, {
    code: fault.code ?? code,
    type: fault.code === 'insufficient_quota' ? fault.code : type,
    headers: fault.retryAfter === undefined ? {} : retryHeaders(fault.retryAfter * 1000),
  });
};
