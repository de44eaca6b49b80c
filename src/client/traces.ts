import type { PlatformName } from '../contracts/backend.js';
import { lackingPlatform } from '../contracts/environment.js';
import type { TraceView } from '../contracts/trace-view.js';
import { AssayError } from '../core/errors/assay-error.js';
import { platformTitles } from '../core/platforms/backend.js';
import type { Platform } from '../platforms/port.js';
import type { Transport } from './transport.js';

export interface TraceOptions {
  /** Whose trace. Default: of the first platform that has it. */
  readonly platform?: PlatformName;
  /** Default: 30 s. */
  readonly signal?: AbortSignal;
}

/** What the platforms recorded of single requests. */
export interface Traces {
  /** @throws AssayError TRACE_NOT_FOUND, PLATFORM_NOT_CONFIGURED where its keys are not set here, PLATFORM_* */
  get(traceId: string, options?: TraceOptions): Promise<TraceView>;
}

export function createTraces(transport: Pick<Transport, 'platforms'>): Traces {
  return {
    async get(traceId, { platform: name, signal = AbortSignal.timeout(30_000) } = {}) {
      const all = transport.platforms();
      const [first, ...others] = name === undefined ? all : [named(all, name)];
      if (first === undefined) throw new AssayError('INTERNAL', 'No platform is connected.');
      try {
        return await first.readTrace(traceId, signal);
      } catch (error) {
        for (const platform of others) {
          if (!isAbsent(error)) break;
          const found = await platform.readTrace(traceId, signal).catch(unlessAbsent);
          if (found !== undefined) return found;
        }
        throw error;
      }
    },
  };
}

const isAbsent = (error: unknown): boolean =>
  AssayError.is(error) && error.code === 'TRACE_NOT_FOUND';

function unlessAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

function named(platforms: readonly Platform[], name: PlatformName): Platform {
  const platform = platforms.find((each) => each.name === name);
  if (platform !== undefined) return platform;
  throw new AssayError(
    'PLATFORM_NOT_CONFIGURED',
    `There are no keys for ${platformTitles[name]} here.`,
    { problems: lackingPlatform(name) },
  );
}
