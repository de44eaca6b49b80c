/** Codes of failures that come before the first byte of a request is written. */
const beforeSending = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** A request that got no whole answer. */
export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure';
  /** False only where it is certain that the server saw nothing of the request. */
  readonly mayHaveArrived: boolean;
  /** The status, where the answer began and broke off. */
  readonly status: number | undefined;

  constructor(
    message: string,
    options: {
      readonly cause: unknown;
      readonly mayHaveArrived: boolean;
      readonly status?: number;
    },
  ) {
    super(message, { cause: options.cause });
    this.mayHaveArrived = options.mayHaveArrived;
    this.status = options.status;
  }
}

/** What a thrown error of the HTTP client says of the request. `status` is that of an answer that broke off. */
export function toNetworkFailure(error: unknown, status?: number): NetworkFailure {
  if (error instanceof NetworkFailure) return error;
  const codes = errorCodes(error);
  const early = codes.find((code) => beforeSending.has(code));
  const message = early ?? codes[0] ?? nameOf(error);
  return new NetworkFailure(message, {
    cause: error,
    mayHaveArrived: early === undefined || status !== undefined,
    ...(status === undefined ? {} : { status }),
  });
}

// Not by instanceof: an abort's DOMException can be of another realm.
function nameOf(error: unknown): string {
  const named = typeof error === 'object' && error !== null && 'name' in error;
  return named && typeof error.name === 'string' ? error.name : 'unknown failure';
}

// A name with several addresses fails with an AggregateError; some failures hide behind `cause`.
function errorCodes(error: unknown): readonly string[] {
  if (typeof error !== 'object' || error === null) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const inner = error instanceof AggregateError ? error.errors.flatMap(errorCodes) : [];
  const cause = 'cause' in error ? errorCodes(error.cause) : [];
  return [...own, ...inner, ...cause];
}
