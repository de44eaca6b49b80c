import { z } from 'zod';

import { AssayError, type Problem } from '../core/errors/assay-error.js';

/** Where everything is: from the environment, or from the embedded stack that runs in the project's folder. */
export interface Connections {
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly databaseUrl: string;
  readonly langfuse: {
    readonly baseUrl: string;
    readonly publicKey: string;
    readonly secretKey: string;
    readonly release: string | undefined;
  };
}

const variables = z.object({
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'is no host:port')
    .optional(),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'is no postgres:// URL' }).optional(),
  LANGFUSE_HOST: z.url({ protocol: /^https?$/, error: 'is no http(s) URL' }).optional(),
  LANGFUSE_BASE_URL: z.url({ protocol: /^https?$/, error: 'is no http(s) URL' }).optional(),
  LANGFUSE_PUBLIC_KEY: z.string().min(1).optional(),
  LANGFUSE_SECRET_KEY: z.string().min(1).optional(),
  LANGFUSE_RELEASE: z.string().min(1).optional(),
});

/** The variables of ours, for help texts. */
export const environmentNames = Object.keys(variables.shape);

const lacks = (at: string, what: string): Problem => ({
  at,
  message: 'is not set',
  mend: `Set ${at} to ${what}, or run \`assay dev\` in this folder.`,
});

/** Whoever uses servers of their own has set one of these. */
const leading = [
  'TEMPORAL_ADDRESS',
  'DATABASE_URL',
  'LANGFUSE_HOST',
  'LANGFUSE_BASE_URL',
  'LANGFUSE_PUBLIC_KEY',
  'LANGFUSE_SECRET_KEY',
] as const;

/** Whether any server is named at all: by the variables, or by the stack whose variables were added to them. */
export function namesServers(environment: Readonly<Record<string, string | undefined>>): boolean {
  return leading.some((name) => (environment[name] ?? '') !== '');
}

/** Where nothing at all is set the likeliest cause by far comes first, and alone. */
function nothingRuns(problems: readonly Problem[]): AssayError {
  const names = problems.map(({ at }) => at).join(', ');
  return new AssayError(
    'ENVIRONMENT_INVALID',
    'No stack runs in this folder: `assay dev` is not running here, and no server of your own is named.',
    {
      mend: `Start \`assay dev\` in this folder (or name the folder where it runs with -C). To use servers of your own, set ${names}.`,
    },
  );
}

/**
 * Reads the connections from variables.
 *
 * @throws AssayError ENVIRONMENT_INVALID with all problems at once; values are never shown.
 */
export function parseConnections(
  environment: Readonly<Record<string, string | undefined>>,
): Connections {
  const given = Object.fromEntries(
    // An empty variable is how many shells and compose files say "not set".
    environmentNames.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const parsed = variables.safeParse(given);
  const problems: Problem[] = parsed.success
    ? []
    : parsed.error.issues.map((issue) => ({
        at: issue.path.join('.'),
        message: issue.message,
        mend: 'Correct the variable.',
      }));
  const values = parsed.success ? parsed.data : (given as Partial<z.output<typeof variables>>);
  const baseUrl = values.LANGFUSE_BASE_URL ?? values.LANGFUSE_HOST;
  const { TEMPORAL_ADDRESS, DATABASE_URL, LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY } = values;
  if (TEMPORAL_ADDRESS === undefined) problems.push(lacks('TEMPORAL_ADDRESS', 'host:port'));
  if (DATABASE_URL === undefined) problems.push(lacks('DATABASE_URL', 'a postgres:// URL'));
  if (baseUrl === undefined) problems.push(lacks('LANGFUSE_HOST', 'the URL of your Langfuse'));
  if (LANGFUSE_PUBLIC_KEY === undefined)
    problems.push(lacks('LANGFUSE_PUBLIC_KEY', 'the public key'));
  if (LANGFUSE_SECRET_KEY === undefined)
    problems.push(lacks('LANGFUSE_SECRET_KEY', 'the secret key'));
  if (!namesServers(given)) throw nothingRuns(problems);
  if (
    problems.length > 0 ||
    TEMPORAL_ADDRESS === undefined ||
    DATABASE_URL === undefined ||
    baseUrl === undefined ||
    LANGFUSE_PUBLIC_KEY === undefined ||
    LANGFUSE_SECRET_KEY === undefined
  ) {
    throw new AssayError('ENVIRONMENT_INVALID', 'The environment has problems.', { problems });
  }
  return {
    temporal: { address: TEMPORAL_ADDRESS, namespace: values.TEMPORAL_NAMESPACE ?? 'default' },
    databaseUrl: DATABASE_URL,
    langfuse: {
      baseUrl: baseUrl.replace(/\/+$/, ''),
      publicKey: LANGFUSE_PUBLIC_KEY,
      secretKey: LANGFUSE_SECRET_KEY,
      release: values.LANGFUSE_RELEASE,
    },
  };
}
