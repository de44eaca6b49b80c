import {
  namesServers,
  parseConnections,
  type Connections,
} from '../../../contracts/environment.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of each service. */
const own = {
  temporal: ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'],
  postgres: ['DATABASE_URL'],
  langfuse: [
    'LANGFUSE_HOST',
    'LANGFUSE_BASE_URL',
    'LANGFUSE_PUBLIC_KEY',
    'LANGFUSE_SECRET_KEY',
    'LANGFUSE_RELEASE',
  ],
  langsmith: [
    'LANGSMITH_API_KEY',
    'LANGSMITH_ENDPOINT',
    'LANGSMITH_PROJECT',
    'LANGSMITH_WORKSPACE_ID',
  ],
} as const;

// Well-formed and never connected to: they stand for the services that are not looked at.
const placeholders = {
  TEMPORAL_ADDRESS: '127.0.0.1:1',
  DATABASE_URL: 'postgres://127.0.0.1:1/none',
  LANGFUSE_HOST: 'http://127.0.0.1:1',
  LANGFUSE_PUBLIC_KEY: 'none',
  LANGFUSE_SECRET_KEY: 'none',
} as const;

/** Whether any variable of a service is set. */
export const isNamed = (service: keyof typeof own, environment: Environment): boolean =>
  own[service].some((name) => name !== 'LANGFUSE_RELEASE' && (environment[name] ?? '') !== '');

/**
 * The connection of one service, whatever is wrong with the variables of the others.
 *
 * @throws AssayError ENVIRONMENT_INVALID with the problems of this service alone.
 */
export function connectionOf(service: keyof typeof own, environment: Environment): Connections {
  // Nothing is set at all: the placeholders below must not hide that no stack runs here.
  if (!namesServers(environment)) return parseConnections(environment);
  const names: readonly string[] = own[service];
  const others = Object.entries(placeholders).filter(([name]) => !names.includes(name));
  return parseConnections({
    ...Object.fromEntries(others),
    ...Object.fromEntries(names.map((name) => [name, environment[name]])),
  });
}
