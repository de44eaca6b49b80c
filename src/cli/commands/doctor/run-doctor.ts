import { effectiveEnvironment } from '../../../client/connections.js';
import type { Config } from '../../../contracts/config.js';
import { catalogueEntry } from '../../../core/errors/catalogue.js';
import type { Cli } from '../../cli.js';
import { jsonText } from '../../io/json-text.js';
import { runCheck, type CheckResult } from './check.js';
import { checkConfig } from './config-check.js';
import { checkDisk } from './disk-check.js';
import { checksText } from './check-text.js';
import { checkModels } from './models-check.js';
import { checkNode } from './node-check.js';
import { checkPlatforms } from './platform-check.js';
import { checkPostgres } from './postgres-check.js';
import { connectionOf } from './service-connections.js';
import { checkStack } from './stack-check.js';
import { checkTemporal } from './temporal-check.js';
import { checkTracing } from './tracing-check.js';

/** Looks at everything at once, prints what was found, and says by the exit code whether something fails. */
export async function runDoctor(cli: Cli): Promise<number> {
  const checks = await allChecks(cli);
  const ok = checks.every(({ state }) => state !== 'fail');
  if (cli.json) await cli.out.line(jsonText({ ok, checks }));
  else await cli.out.line(checksText(checks, cli.out));
  // As for any dependency that does not serve.
  return ok ? 0 : catalogueEntry('STACK_NOT_RUNNING').exit;
}

async function allChecks(cli: Cli): Promise<readonly CheckResult[]> {
  const { folder } = cli;
  const environment = await effectiveEnvironment(folder, cli.environment);
  let config: Config | undefined;
  // First, since it says whose workers and which models to look for.
  const configResults = await runCheck('Config', async () => {
    const checked = await checkConfig(folder, environment);
    config = checked.config;
    return [checked.result];
  });
  const project = await cli.project().catch(() => undefined);
  const results = await Promise.all([
    runCheck('Temporal', async () => {
      const { address, namespace } = connectionOf('temporal', environment).temporal;
      return checkTemporal({ address, namespace, project });
    }),
    runCheck('Postgres', async (signal) =>
      checkPostgres(connectionOf('postgres', environment).databaseUrl, signal),
    ),
    checkPlatforms(environment, config),
    config === undefined
      ? [{ name: 'Models', state: 'skip' as const, found: 'not checked: there is no config' }]
      : checkModels(config, environment),
    runCheck('Tracing', async () => [await checkTracing(folder)]),
    runCheck('Disk', (signal) => checkDisk(folder, signal)),
    runCheck('Stack', () => Promise.resolve([checkStack(folder)])),
  ]);
  return [checkNode(), ...configResults, ...results.flat()];
}
