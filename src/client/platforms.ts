import type { Backend, PlatformName } from '../contracts/backend.js';
import { lackingPlatform } from '../contracts/environment.js';
import { AssayError } from '../core/errors/assay-error.js';
import { platformNames, platformTitles } from '../core/platforms/backend.js';
import type { Platform } from '../platforms/port.js';
import type { Transport } from './transport.js';

type Connected = Pick<Transport, 'platforms'>;

/** One platform that is read: the named one, else the first whose keys are set here. @throws AssayError PLATFORM_NOT_CONFIGURED */
export function platformNamed(transport: Connected, name: PlatformName | undefined): Platform {
  const platforms = transport.platforms();
  const found = name === undefined ? platforms[0] : platforms.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new AssayError(
    'PLATFORM_NOT_CONFIGURED',
    `There are no keys for ${name === undefined ? 'a platform' : platformTitles[name]} here.`,
    { problems: name === undefined ? [] : lackingPlatform(name) },
  );
}

/** The platforms of a backend, else the first whose keys are set here. @throws AssayError PLATFORM_NOT_CONFIGURED */
export function platformsOf(
  transport: Connected,
  backend: Backend | undefined,
): readonly Platform[] {
  const names = backend === undefined ? [undefined] : platformNames(backend);
  return names.map((name) => platformNamed(transport, name));
}
