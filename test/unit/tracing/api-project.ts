import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { context, trace } from '@opentelemetry/api';

const require = createRequire(import.meta.url);
const ours = join(dirname(require.resolve('@opentelemetry/api')), '..', '..');

/** A copy of OpenTelemetry's API as code of the project imports it. */
export interface InstalledApi {
  readonly trace: typeof trace;
  readonly context: typeof context;
}

/** A project's folder with copies of OpenTelemetry's API in these versions, real but for the version that they say. */
export async function apiProject(): Promise<{
  readonly folder: string;
  /** @param below the package that brings it; default the project itself. */
  install(version: string, below?: string): Promise<InstalledApi>;
  remove(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-api-'));
  return {
    folder,
    async install(version, below) {
      const place = below === undefined ? folder : join(folder, 'node_modules', below);
      const at = join(place, 'node_modules', '@opentelemetry', 'api');
      await cp(ours, at, { recursive: true, filter: (path) => !/\/(esm|esnext)$/.test(path) });
      for (const file of ['package.json', 'build/src/version.js']) {
        const text = await readFile(join(at, file), 'utf8');
        await writeFile(
          join(at, file),
          text.replace(/("version": "|VERSION = ')[^"']+/, `$1${version}`),
        );
      }
      return require(at) as InstalledApi;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
