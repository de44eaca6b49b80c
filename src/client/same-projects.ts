import type { WorkerPlatforms } from '../contracts/prompt-protocol.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { platformTitles } from '../core/platforms/backend.js';
import { platformNameSchema, type PlatformName } from '../contracts/backend.js';
import { describedPlace } from '../platforms/place.js';
import type { Platform } from '../platforms/port.js';
import type { Transport } from './transport.js';

/**
 * Makes sure that the keys here lead where those of the worker do, on the platforms of which they were set here. Compared is what the servers say, since keys of one project are
 * many and a server may have an address for each network. Who cannot be asked is no other.
 *
 * @throws AssayError PLATFORM_PROJECT_DIFFERS
 */
export async function refuseOtherProjects(
  transport: Pick<Transport, 'platforms'>,
  { places = [] }: WorkerPlatforms,
  on: readonly PlatformName[],
): Promise<void> {
  const here = connected(transport);
  const { signal } = new AbortController();
  const problems = await Promise.all(
    places.filter(isOf(on)).map(async (worker): Promise<readonly Problem[]> => {
      const platform = here.find(({ name }) => name === worker.platform);
      const own = platform === undefined ? undefined : await describedPlace(platform, signal);
      if (own === undefined || own.projectId === worker.projectId) return [];
      const name = platformNameSchema.safeParse(worker.platform).data;
      const at = name === undefined ? worker.platform : platformTitles[name];
      const said = (place: typeof own): string =>
        `${JSON.stringify(place.projectName)} (${place.projectId}) at ${place.url}`;
      return [
        { at, message: `the keys here are of ${said(own)}, the worker's of ${said(worker)}` },
      ];
    }),
  );
  if (problems.flat().length === 0) return;
  throw new AssayError(
    'PLATFORM_PROJECT_DIFFERS',
    'It would go to another project than the keys here name. Nothing was sent.',
    {
      problems: problems.flat(),
      mend: "A worker goes by its own keys. To mean its project, unset the platform's variables here or set those of that project; to mean yours, start the worker with them.",
    },
  );
}

const isOf =
  (platforms: readonly string[]) =>
  ({ platform }: { readonly platform: string }): boolean =>
    platforms.includes(platform);

/** Keys that are half there lead nowhere. */
function connected(transport: Pick<Transport, 'platforms'>): readonly Platform[] {
  try {
    return transport.platforms();
  } catch {
    return [];
  }
}
