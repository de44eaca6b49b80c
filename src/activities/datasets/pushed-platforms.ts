import type { DatasetPushRequest } from '../../contracts/dataset-push.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { defaultBackend, platformNames, platformTitles } from '../../core/platforms/backend.js';
import type { Platform } from '../../platforms/port.js';
import type { DatasetPorts } from './ports.js';

/**
 * The platforms that a dataset is pushed to.
 *
 * @throws AssayError PLATFORM_NOT_CONFIGURED where the worker lacks one of them.
 */
export function pushedPlatforms(
  { backend }: Pick<DatasetPushRequest, 'backend'>,
  { platforms }: Pick<DatasetPorts, 'platforms'>,
): readonly Platform[] {
  const names = platformNames(backend ?? defaultBackend);
  const missing = names.filter((name) => !platforms.some((each) => each.name === name));
  if (missing.length > 0) {
    throw new AssayError(
      'PLATFORM_NOT_CONFIGURED',
      `This worker has no keys for ${missing.map((name) => platformTitles[name]).join(' and ')}.`,
      { mend: 'Set the variables of the worker and restart it, or push elsewhere (`--backend`).' },
    );
  }
  return names.flatMap((name) => platforms.filter((each) => each.name === name));
}
