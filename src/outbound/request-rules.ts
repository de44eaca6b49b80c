import { AssayError } from '../core/errors/assay-error.js';

// The connection's own business; a caller who sets them can split requests or reach another virtual host.
const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Reads the URL of a request: http or https, no user name or password in it.
 *
 * @throws AssayError ADDRESS_FORBIDDEN. The message never repeats the URL, whose query and path can be secrets.
 */
export function readUrl(text: string): URL {
  if (!URL.canParse(text)) {
    throw new AssayError('ADDRESS_FORBIDDEN', 'The URL of the request cannot be read.', {
      mend: 'Write it as https://host/path.',
    });
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new AssayError('ADDRESS_FORBIDDEN', 'Only http and https URLs can be requested.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new AssayError('ADDRESS_FORBIDDEN', 'The URL holds a user name or a password.', {
      mend: 'Send credentials in a header, as env:NAME.',
    });
  }
  return url;
}

/**
 * The headers as they are sent, lower-case, with our `user-agent` and `accept-encoding` where the caller gave none.
 *
 * @throws AssayError CONFIG_INVALID that names the headers, never their values
 */
export function readHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const problems = Object.entries(headers).flatMap(([name, value]) => {
    const problem = headerProblem(name, value);
    return problem === undefined
      ? []
      : [{ at: `headers.${JSON.stringify(name.slice(0, 60))}`, message: problem }];
  });
  if (problems.length > 0) {
    throw new AssayError('CONFIG_INVALID', 'The headers of the request have problems.', {
      problems,
    });
  }
  return {
    'user-agent': 'assay',
    accept: '*/*',
    ...Object.fromEntries(Object.entries(headers).map(([name, v]) => [name.toLowerCase(), v])),
    // Not the caller's choice: only what is understood here may come back.
    'accept-encoding': 'gzip, br',
  };
}

function headerProblem(name: string, value: string): string | undefined {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return 'The name is no HTTP header name.';
  if (ownHeaders.has(name.toLowerCase())) return 'This header is set by the connection itself.';
  // Line ends would begin another header; beyond latin-1 there is no way to send it.
  if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) {
    return 'The value holds control characters or characters beyond latin-1.';
  }
  return undefined;
}
