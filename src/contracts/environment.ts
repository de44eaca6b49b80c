import { z } from 'zod';

import { plainIssues } from './schema-problems.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { platformTitles } from '../core/platforms/backend.js';
import type { PlatformName } from './backend.js';

/** Where everything is: from the environment, or from the embedded stack that runs in the project's folder. */
export interface Connections {
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly databaseUrl: string;
  /** Absent where only LangSmith is used. */
  readonly langfuse?: LangfuseConnection;
  /** Absent where its key is not set. */
  readonly langsmith?: LangsmithConnection;
}

export interface LangfuseConnection {
  readonly baseUrl: string;
  /** Where a browser finds it; the same address if it is not said. */
  readonly webUrl?: string;
  readonly publicKey: string;
  readonly secretKey: string;
  readonly release: string | undefined;
}

export interface LangsmithConnection {
  readonly endpoint: string;
  readonly apiKey: string;
  /** Stands before the names of experiments: `project/experiment`. */
  readonly project: string | undefined;
  /** For keys that belong to several workspaces. */
  readonly workspaceId: string | undefined;
}

/** Where LangSmith is, if nothing else is said. */
const langsmithCloud = 'https://api.smith.langchain.com';

const variables = z.object({
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'is no host:port')
    .optional(),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'is no postgres:// URL' }).optional(),
  LANGFUSE_HOST: z.url({ protocol: /^https?$/, error: 'is no http(s) URL' }).optional(),
  LANGFUSE_BASE_URL: z.url({ protocol: /^https?$/, error: 'is no http(s) URL' }).optional(),
  LANGFUSE_WEB_URL: z.url({ protocol: /^https?$/, error: 'is no http(s) URL' }).optional(),
  LANGFUSE_PUBLIC_KEY: z.string().min(1).optional(),
  LANGFUSE_SECRET_KEY: z.string().min(1).optional(),
  LANGFUSE_RELEASE: z.string().min(1).optional(),
  LANGSMITH_API_KEY: z.string().min(1).optional(),
  LANGSMITH_ENDPOINT: z.url({ protocol: /^https?$/, error: 'is no http(s) URL' }).optional(),
  LANGSMITH_PROJECT: z.string().min(1).optional(),
  LANGSMITH_WORKSPACE_ID: z.string().min(1).optional(),
});

/** The variables of ours, for help texts. */
export const environmentNames = Object.keys(variables.shape);

const lacks = (at: string, what: string): Problem => ({
  at,
  message: 'is not set',
  mend: `Set ${at} to ${what}, or run \`assay dev\` in this folder.`,
});

/** What leads to Langfuse; the first of them that is there is the address. */
export const langfuseNames = [
  'LANGFUSE_BASE_URL',
  'LANGFUSE_HOST',
  'LANGFUSE_PUBLIC_KEY',
  'LANGFUSE_SECRET_KEY',
] as const;

/** Whoever uses servers of their own has set one of these. */
const leading = ['TEMPORAL_ADDRESS', 'DATABASE_URL', ...langfuseNames] as const;

/** Whether any server is named at all: by the variables, or by the stack whose variables were added to them. */
export function namesServers(environment: Readonly<Record<string, string | undefined>>): boolean {
  return leading.some((name) => (environment[name] ?? '') !== '');
}

/** Where nothing at all is set the likeliest cause by far comes first, and alone. */
function nothingRuns(devFolder: boolean): AssayError {
  const names = 'TEMPORAL_ADDRESS, DATABASE_URL and the variables of LANGFUSE_ or LANGSMITH_';
  const own = `To use servers of your own, set ${names}.`;
  if (devFolder) {
    return new AssayError(
      'STACK_NOT_RUNNING',
      '`assay dev` is not up in this folder, and no server of your own is named.',
      {
        mend: `Start \`assay dev\` in this folder again, or wait until the one that starts says that it is up. ${own}`,
      },
    );
  }
  return new AssayError(
    'ENVIRONMENT_INVALID',
    'No stack runs in this folder: `assay dev` is not running here, and no server of your own is named.',
    {
      mend: `Start \`assay dev\` in this folder (or name the folder where it runs with -C). ${own}`,
    },
  );
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What is known of the folder that the variables are for. */
export interface ReadingOptions {
  /** Whether `assay dev` has run in it. Default false. */
  readonly devFolder?: boolean;
}

/**
 * Reads the connections from variables.
 *
 * @throws AssayError ENVIRONMENT_INVALID with all problems at once, STACK_NOT_RUNNING; values are never shown.
 */
export function parseConnections(
  environment: Environment,
  { devFolder = false }: ReadingOptions = {},
): Connections {
  const read = readVariables(environment);
  const { values, problems } = read;
  const { TEMPORAL_ADDRESS, DATABASE_URL } = values;
  if (TEMPORAL_ADDRESS === undefined) problems.push(lacks('TEMPORAL_ADDRESS', 'host:port'));
  if (DATABASE_URL === undefined) problems.push(lacks('DATABASE_URL', 'a postgres:// URL'));
  const langsmith = langsmithOf(values);
  const langfuse = langfuseOf(values, { optional: langsmith !== undefined, problems });
  if (!namesServers(environment)) throw nothingRuns(devFolder);
  if (problems.length > 0 || TEMPORAL_ADDRESS === undefined || DATABASE_URL === undefined) {
    throw invalid(problems);
  }
  return {
    temporal: { address: TEMPORAL_ADDRESS, namespace: values.TEMPORAL_NAMESPACE ?? 'default' },
    databaseUrl: DATABASE_URL,
    ...(langfuse === undefined ? {} : { langfuse }),
    ...(langsmith === undefined ? {} : { langsmith }),
  };
}

const invalid = (problems: readonly Problem[]): AssayError =>
  new AssayError('ENVIRONMENT_INVALID', 'The environment has problems.', { problems });

/**
 * The connections, each read when it is asked for: what only reads platforms needs the keys of one, and no Temporal or Postgres. A
 * part that is missing throws then; Temporal and Postgres with all problems at once, since what needs one of them needs the rest too.
 *
 * @throws AssayError ENVIRONMENT_INVALID or STACK_NOT_RUNNING at once where nothing is set; values are never shown.
 */
export function readConnections(
  environment: Environment,
  options: ReadingOptions = {},
): Connections {
  const { values, problems } = readVariables(environment);
  const all = (): Connections => parseConnections(environment, options);
  const langsmith = langsmithOf(values);
  if (!namesServers(environment) && langsmith === undefined)
    throw nothingRuns(options.devFolder === true);
  return {
    get temporal() {
      const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = values;
      if (address === undefined || isWrong(problems, 'TEMPORAL')) return all().temporal;
      return { address, namespace: namespace ?? 'default' };
    },
    get databaseUrl() {
      const { DATABASE_URL } = values;
      if (DATABASE_URL === undefined || isWrong(problems, 'DATABASE')) return all().databaseUrl;
      return DATABASE_URL;
    },
    get langfuse() {
      const wrong = problems.filter(({ at }) => at.startsWith('LANGFUSE_'));
      const langfuse = langfuseOf(values, { optional: langsmith !== undefined, problems: wrong });
      if (wrong.length > 0) throw invalid(wrong);
      return langfuse;
    },
    get langsmith() {
      const wrong = problems.filter(({ at }) => at.startsWith('LANGSMITH_'));
      if (langsmith !== undefined && wrong.length > 0) throw invalid(wrong);
      return langsmith;
    },
  } as Connections;
}

const isWrong = (problems: readonly Problem[], prefix: string): boolean =>
  problems.some(({ at }) => at.startsWith(`${prefix}_`));

/** What is set, and what of it is malformed. */
function readVariables(environment: Environment): {
  readonly values: Values;
  readonly problems: Problem[];
} {
  const given = Object.fromEntries(
    // An empty variable is how many shells and compose files say "not set".
    environmentNames.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const parsed = variables.safeParse(given);
  if (parsed.success) return { values: parsed.data, problems: [] };
  const problems = plainIssues(parsed.error.issues).map((issue) => ({
    at: issue.path.join('.'),
    message: issue.message,
    mend: 'Correct the variable.',
  }));
  return { values: given, problems };
}

type Values = Partial<z.output<typeof variables>>;

/** One variable of one's own puts the stack's Langfuse out of use: its keys must never go to another server. */
const halfLangfuse = (problem: Problem): Problem => ({
  ...problem,
  mend: `Set ${problem.at} as well, or unset the other LANGFUSE_ variables to use the stack of this folder.`,
});

/** Half of Langfuse is a mistake; none of it is one only where there is no LangSmith either. */
function langfuseOf(
  values: Values,
  { optional, problems }: { readonly optional: boolean; readonly problems: Problem[] },
): LangfuseConnection | undefined {
  const { LANGFUSE_PUBLIC_KEY: publicKey, LANGFUSE_SECRET_KEY: secretKey } = values;
  const { LANGFUSE_WEB_URL: webUrl } = values;
  const baseUrl = values.LANGFUSE_BASE_URL ?? values.LANGFUSE_HOST;
  const none = baseUrl === undefined && publicKey === undefined && secretKey === undefined;
  if (none && optional) return undefined;
  const missing = [
    ...(baseUrl === undefined ? [lacks('LANGFUSE_HOST', 'the URL of your Langfuse')] : []),
    ...(publicKey === undefined ? [lacks('LANGFUSE_PUBLIC_KEY', 'the public key')] : []),
    ...(secretKey === undefined ? [lacks('LANGFUSE_SECRET_KEY', 'the secret key')] : []),
  ];
  problems.push(...(none ? missing : missing.map(halfLangfuse)));
  if (baseUrl === undefined || publicKey === undefined || secretKey === undefined) return undefined;
  return {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    publicKey,
    secretKey,
    release: values.LANGFUSE_RELEASE,
    ...(webUrl === undefined ? {} : { webUrl: webUrl.replace(/\/+$/, '') }),
  };
}

/** Without a key the other variables say nothing: shells have them set for other programs. */
function langsmithOf(values: Values): LangsmithConnection | undefined {
  const { LANGSMITH_API_KEY: apiKey } = values;
  if (apiKey === undefined) return undefined;
  return {
    endpoint: (values.LANGSMITH_ENDPOINT ?? langsmithCloud).replace(/\/+$/, ''),
    apiKey,
    project: values.LANGSMITH_PROJECT,
    workspaceId: values.LANGSMITH_WORKSPACE_ID,
  };
}

/** What must be set for a platform, as problems. */
export function lackingPlatform(platform: PlatformName): readonly Problem[] {
  if (platform === 'langsmith') {
    return [lacksOf('LANGSMITH_API_KEY', 'an API key of your LangSmith workspace')];
  }
  return [
    lacksOf('LANGFUSE_HOST', 'the URL of your Langfuse'),
    lacksOf('LANGFUSE_PUBLIC_KEY', 'the public key'),
    lacksOf('LANGFUSE_SECRET_KEY', 'the secret key'),
  ];
}

const lacksOf = (at: string, what: string): Problem => ({
  at,
  message: 'is not set',
  mend: `Set ${at} to ${what}.`,
});

/**
 * Makes sure that all of these platforms are connected.
 *
 * @throws AssayError ENVIRONMENT_INVALID with the variables of all that are not.
 */
export function requirePlatforms(
  connections: Pick<Connections, 'langfuse' | 'langsmith'>,
  platforms: readonly PlatformName[],
): void {
  const missing = platforms.filter((platform) => connections[platform] === undefined);
  if (missing.length === 0) return;
  const titles = missing.map((platform) => platformTitles[platform]).join(' and ');
  throw new AssayError(
    'ENVIRONMENT_INVALID',
    `The config publishes to ${titles}, and there are no keys for it.`,
    {
      problems: missing.flatMap(lackingPlatform),
      mend: 'Set the variables, or choose another `platform.backend` in the config.',
    },
  );
}
