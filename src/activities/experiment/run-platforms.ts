import { platformNameSchema, type Backend } from '../../contracts/backend.js';
import { lackingPlatform } from '../../contracts/environment.js';
import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { platformNames, platformTitles } from '../../core/platforms/backend.js';
import type { Platform, PlatformRun } from '../../platforms/port.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import type { ExperimentPorts } from './ports.js';

type PlatformPorts = Pick<ExperimentPorts, 'platforms'>;

/** Where a run is published: as its submission says, else as the config does. */
export const backendOf = (
  { backend }: Pick<ExperimentSpec, 'backend'>,
  { project }: Pick<ExperimentPorts, 'project'>,
): Backend => backend ?? project.config.platform.backend;

/**
 * The platforms of a run, and no other that the worker has.
 *
 * @throws AssayError PLATFORM_NOT_CONFIGURED with the variables of all that are missing.
 */
export function platformsOf(
  spec: Pick<ExperimentSpec, 'backend'>,
  ports: Pick<ExperimentPorts, 'project' | 'platforms'>,
): readonly Platform[] {
  return platformsNamed(ports, platformNames(backendOf(spec, ports)));
}

/** Those that something of the run is written to: none where its traces go nowhere. @throws as {@link platformsOf} */
export function publishingPlatforms(
  spec: Pick<ExperimentSpec, 'backend' | 'trace'>,
  ports: Pick<ExperimentPorts, 'project' | 'platforms'>,
): readonly Platform[] {
  return spec.trace === 'none' ? [] : platformsOf(spec, ports);
}

/** @throws AssayError PLATFORM_NOT_CONFIGURED with the variables of all that are missing. */
export function platformsNamed(
  { platforms }: PlatformPorts,
  names: readonly string[],
): readonly Platform[] {
  const missing = names.filter((name) => !platforms.some((each) => each.name === name));
  if (missing.length > 0) throw noKeys(missing);
  return names.flatMap((name) => platforms.filter((each) => each.name === name));
}

/** @throws AssayError PLATFORM_NOT_CONFIGURED */
export function platformNamed({ platforms }: PlatformPorts, name: string): Platform {
  const platform = platforms.find((each) => each.name === name);
  if (platform === undefined) throw noKeys([name]);
  return platform;
}

/** Where a run stands on one of its platforms. */
export function platformRunOf({ id, platformRuns }: ExperimentRecord, name: string): PlatformRun {
  const run = platformRuns.find(({ platform }) => platform === name);
  if (run === undefined) throw new AssayError('INTERNAL', `"${id}" has no run on ${name}.`);
  return run;
}

/** What is missing of a worker that lacks these platforms. */
export function noKeys(names: readonly string[]): AssayError {
  const known = names.flatMap((name) => platformNameSchema.safeParse(name).data ?? []);
  const titles = known.map((name) => platformTitles[name]).join(' and ') || names.join(', ');
  return new AssayError('PLATFORM_NOT_CONFIGURED', `This worker has no keys for ${titles}.`, {
    problems: known.flatMap(lackingPlatform),
    mend: 'Set the variables of the worker and restart it, or publish elsewhere (`--backend`, `platform.backend`).',
  });
}
