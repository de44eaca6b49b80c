import type { Config } from '../../../contracts/config.js';
import type { PlatformName } from '../../../contracts/backend.js';
import { lackingPlatform } from '../../../contracts/environment.js';
import { defaultBackend, platformNames, platformTitles } from '../../../core/platforms/backend.js';
import { connectPlatforms, type PlatformConnections } from '../../../platforms/connect.js';
import type { PlatformDescription } from '../../../platforms/port.js';
import { runCheck, type CheckResult } from './check.js';
import { connectionOf, isNamed } from './service-connections.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Every platform that the config publishes to, or that has variables of its own. */
export async function checkPlatforms(
  environment: Environment,
  config: Config | undefined,
): Promise<readonly CheckResult[]> {
  const needed = platformNames(config?.platform.backend ?? defaultBackend);
  const langsmith = (environment['LANGSMITH_API_KEY'] ?? '') !== '';
  const checks: Promise<readonly CheckResult[]>[] = [];
  // Without a config it is the default's, unless there are keys for LangSmith alone.
  const said = config !== undefined || !langsmith;
  if (isNamed('langfuse', environment) || (said && needed.includes('langfuse'))) {
    checks.push(checkNamed('langfuse', environment));
  }
  if (langsmith) checks.push(checkNamed('langsmith', environment));
  else if (needed.includes('langsmith')) checks.push(Promise.resolve([lacking('langsmith')]));
  return (await Promise.all(checks)).flat();
}

const checkNamed = (
  name: PlatformName,
  environment: Environment,
): Promise<readonly CheckResult[]> =>
  runCheck(platformTitles[name], async (signal) =>
    checkPlatform(name, { [name]: connectionOf(name, environment)[name] }, signal),
  );

const lacking = (name: PlatformName): CheckResult => ({
  name: platformTitles[name],
  state: 'fail',
  found: 'the config publishes to it, and its variables are not set',
  problems: lackingPlatform(name),
  facts: { code: 'PLATFORM_NOT_CONFIGURED' },
});

const containers: Readonly<Record<PlatformName, string>> = {
  langfuse: 'project',
  langsmith: 'workspace',
};

/** Of Langfuse the generation decides how it is published to, so it is said even where the version cannot be read. */
const kindText = (server: {
  readonly name: PlatformName;
  readonly version: string;
  readonly generation: PlatformDescription['generation'];
}): string =>
  server.name === 'langsmith'
    ? `version ${server.version}`
    : `version ${server.version}, spoken to as Langfuse ${server.generation}`;

/** The server, and the project that the keys belong to. */
export async function checkPlatform(
  name: PlatformName,
  connections: PlatformConnections,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const platforms = connectPlatforms(connections, { environment: 'assay' });
  try {
    return await Promise.all(
      platforms.map(async (platform): Promise<CheckResult> => {
        const { url, version, generation, projectId, projectName } =
          await platform.describe(signal);
        return {
          name: platformTitles[name],
          state: 'ok',
          found: `${kindText({ name, version, generation })} at ${url}, ${containers[name]} ${projectName}`,
          facts: { url, version, generation, projectId, projectName },
        };
      }),
    );
  } finally {
    await Promise.all(platforms.map((platform) => platform.close()));
  }
}
