import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import { AssayError } from '../core/errors/assay-error.js';
import type { SupervisedChild } from './child.js';
import { environmentOf, externalServices } from './external.js';
import { type LockFile, takeLock } from './lock-file.js';
import {
  launchLangfuse,
  type LaunchContext,
  type Launched,
  launchModel,
  launchPostgres,
  launchTemporal,
} from './services.js';
import {
  type ServiceHandle,
  type ServiceName,
  serviceNames,
  type Stack,
  type StackOptions,
  type StackServices,
} from './stack-options.js';
import { lockPath } from './stack-state.js';
import { StateKeeper } from './state-keeper.js';

type Children = Map<ServiceName, SupervisedChild>;

/** @throws AssayError STACK_RUNNING when a live process holds the folder. */
export const lockProject = (projectDir: string): LockFile => {
  const lock = takeLock(lockPath(projectDir));
  if ('release' in lock) return lock;
  throw new AssayError(
    'STACK_RUNNING',
    `The embedded stack of ${projectDir} is running already (pid ${lock.pid}).`,
    {
      mend: 'Stop it there with Ctrl-C, or use it: commands in this folder find it by themselves.',
    },
  );
};

/** What is to be started: the wanted services that the environment does not give. */
const wantedServices = (options: StackOptions, external: StackServices): Set<ServiceName> => {
  const wanted = (options.only ?? serviceNames).filter((name) => external[name] === undefined);
  const needsDatabase = wanted.includes('langfuse') && external.postgres === undefined;
  return new Set(needsDatabase ? ['postgres' as const, ...wanted] : wanted);
};

const handleOf = (name: ServiceName, child: SupervisedChild): ServiceHandle => ({
  name,
  get identity() {
    return child.identity;
  },
  start: () => child.start(),
  stop: () => child.stop(),
  kill: (options) => child.kill(options),
  restart: () => child.restart(),
  ready: () => child.ready(),
});

/** Postgres goes last: the others write to it until they end. */
const stopChildren = async (children: Children): Promise<void> => {
  const others = [...children].filter(([name]) => name !== 'postgres');
  const ends = await Promise.allSettled(others.map(([, child]) => child.stop()));
  ends.push(...(await Promise.allSettled([children.get('postgres')?.stop()])));
  const failures = ends
    .filter((end) => end.status === 'rejected')
    .map((end): unknown => end.reason);
  if (failures.length > 0) throw new AggregateError(failures, 'Not all services could be stopped.');
};

/** Starts all at once, but Langfuse, which waits for its database. */
const launchAll = async (
  context: LaunchContext,
  wanted: ReadonlySet<ServiceName>,
  plan: { readonly external: StackServices; readonly children: Children },
): Promise<StackServices> => {
  const { external, children } = plan;
  const abort = new AbortController();
  const signal = AbortSignal.any([context.signal, abort.signal]);
  const one = async <Name extends ServiceName>(
    name: Name,
    launch: (context: LaunchContext) => Promise<Launched<Name>>,
  ): Promise<StackServices[Name]> => {
    if (!wanted.has(name)) return external[name];
    const startedAt = performance.now();
    try {
      const { service, child } = await launch({ ...context, signal });
      children.set(name, child);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      context.options.log(`${name} is ready (${seconds} s)`);
      return service;
    } catch (error) {
      // The others need not go on; the first failure is the one to tell.
      abort.abort(error);
      throw error;
    }
  };
  const database = one('postgres', launchPostgres);
  const [postgres, temporal, langfuse, model] = await Promise.allSettled([
    database,
    one('temporal', launchTemporal),
    database.then((found) =>
      one('langfuse', (langfuseContext) => launchLangfuse(langfuseContext, found?.url ?? '')),
    ),
    one('model', launchModel),
  ]);
  signal.throwIfAborted();
  return {
    ...(postgres.status === 'fulfilled' && postgres.value && { postgres: postgres.value }),
    ...(temporal.status === 'fulfilled' && temporal.value && { temporal: temporal.value }),
    ...(langfuse.status === 'fulfilled' && langfuse.value && { langfuse: langfuse.value }),
    ...(model.status === 'fulfilled' && model.value && { model: model.value }),
  };
};

/**
 * Starts the embedded services that the environment does not give, and supervises them: Postgres, Temporal
 * with its UI, the Langfuse-compatible dev server, the demo model. All listen on loopback, with random keys that
 * are made once per folder. Servers that a killed process left running are taken over.
 *
 * @returns the running stack; the caller must `stop()` it. A process that exits without that still signals its
 *   servers, only `kill -9` leaves them (for the next start to take over).
 * @throws AssayError STACK_RUNNING, PORT_TAKEN, ENVIRONMENT_INVALID, TEMPORAL_NOT_FOUND, POSTGRES_START_FAILED,
 *   CHILD_NOT_READY, JSON_INVALID; the signal's reason when it was aborted. Nothing runs and nothing is
 *   locked then.
 */
export const startStack = async (given: StackOptions): Promise<Stack> => {
  // Not readable by others, yet Postgres' own account must get through to its data below.
  mkdirSync(join(given.projectDir, '.assay'), { recursive: true, mode: 0o711 });
  const options = { ...given, projectDir: realpathSync(given.projectDir) };
  const external = externalServices(options.env ?? process.env);
  options.signal?.throwIfAborted();
  const lock = lockProject(options.projectDir);
  const children: Children = new Map();
  let state: StateKeeper | undefined;
  const lastResort = (): void => {
    state?.signalAll();
    lock.release();
  };
  process.once('exit', lastResort);
  const stopAll = async (): Promise<void> => {
    await stopChildren(children);
    state?.noteStopped();
    lock.release();
    process.off('exit', lastResort);
  };
  try {
    state = new StateKeeper(options.projectDir);
    const wanted = wantedServices(options, external);
    if (wanted.has('langfuse') && (options.env ?? process.env)['LANGFUSE_SECRET_KEY']) {
      options.log(
        'Langfuse keys without LANGFUSE_BASE_URL: the embedded server is started instead',
      );
    }
    await state.endOrphans(
      new Set([...wanted].filter((name) => name === 'postgres' || name === 'temporal')),
    );
    const signal = options.signal ?? new AbortController().signal;
    const services = await launchAll({ options, state, signal }, wanted, { external, children });
    const environment = environmentOf(services);
    state.noteRunning({ startedAt: new Date().toISOString(), services, environment });
    return runningStack({ services, environment, children, stopAll });
  } catch (error) {
    await stopAll();
    throw error;
  }
};

interface Running {
  readonly services: StackServices;
  readonly environment: Readonly<Record<string, string>>;
  readonly children: Children;
  readonly stopAll: () => Promise<void>;
}

const runningStack = (running: Running): Stack => {
  let stopped: Promise<void> | undefined;
  return {
    services: running.services,
    environment: running.environment,
    service: (name) => {
      const child = running.children.get(name);
      if (child !== undefined) return handleOf(name, child);
      throw new AssayError('STACK_NOT_RUNNING', `This stack does not run ${name} itself.`, {
        mend: 'Leave the service out of the environment, and name it in `only`.',
      });
    },
    stop: () => (stopped ??= running.stopAll()),
  };
};
