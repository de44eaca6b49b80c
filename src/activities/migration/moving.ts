import { partsOf, type MovePart, type MoveSide } from '../../contracts/platform-migration.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { platformTitles } from '../../core/platforms/backend.js';
import type { PlatformName } from '../../contracts/backend.js';
import { lackingPlatform } from '../../contracts/environment.js';
import { patiently } from '../../platforms/patience.js';
import type { Platform } from '../../platforms/port.js';
import { findMove, putSides, type MoveRecord } from '../../store/moves/moves.js';
import type { Store } from '../../store/store.js';
import type { MigrationPorts } from './ports.js';

/** A move that goes on, and both of its sides. */
export interface Moving {
  readonly id: string;
  readonly move: MoveRecord;
  readonly parts: readonly MovePart[];
  readonly source: Platform;
  readonly target: Platform;
  readonly sides: { readonly source: MoveSide; readonly target: MoveSide };
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Whether the slice is over. @throws where the activity was cancelled. */
  readonly over: () => boolean;
  /** Things that were settled, and where, for people. */
  readonly tell: (settled: number, at: string) => void;
}

/** The platforms of a direction, the source first. */
export const sidesOf = (
  direction: MoveRecord['direction'],
): readonly [PlatformName, PlatformName] =>
  direction === 'langsmith-to-langfuse' ? ['langsmith', 'langfuse'] : ['langfuse', 'langsmith'];

/** @throws AssayError PLATFORM_NOT_CONFIGURED where the worker lacks one of the platforms. */
export function platformsOf(
  direction: MoveRecord['direction'],
  { platforms }: Pick<MigrationPorts, 'platforms'>,
): { readonly source: Platform; readonly target: Platform } {
  const [source, target] = sidesOf(direction).map((name) =>
    platforms.find((each) => each.name === name),
  );
  const missing = sidesOf(direction).filter((_, at) => [source, target][at] === undefined);
  if (source !== undefined && target !== undefined) return { source, target };
  throw new AssayError(
    'PLATFORM_NOT_CONFIGURED',
    `This worker has no keys for ${missing.map((name) => platformTitles[name]).join(' and ')}.`,
    {
      problems: missing.flatMap(lackingPlatform),
      mend: 'A move needs both platforms: set these variables for the worker and restart it.',
    },
  );
}

/**
 * Both sides as they are now. A move that began with other projects is refused before anything is read or written.
 *
 * @throws AssayError PLATFORM_PROJECT_CHANGED, PLATFORM_*
 */
export async function describeSides(
  move: MoveRecord,
  on: { readonly ports: Pick<MigrationPorts, 'platforms' | 'store'>; readonly signal: AbortSignal },
): Promise<Pick<Moving, 'source' | 'target' | 'sides'>> {
  const { source, target } = platformsOf(move.direction, on.ports);
  const { signal } = on;
  const sides = {
    source: await patiently(signal, () => source.describe(signal)),
    target: await patiently(signal, () => target.describe(signal)),
  };
  for (const side of ['source', 'target'] as const) {
    const begun = move[side];
    const now = sides[side];
    if (begun === undefined || begun.projectId === now.projectId) continue;
    throw new AssayError(
      'PLATFORM_PROJECT_CHANGED',
      `The move "${move.name}" began with the project ${JSON.stringify(begun.projectName)} of ${begun.platform}; the keys are now of ${JSON.stringify(now.projectName)}.`,
      { mend: 'Give the worker the keys that it began with, or begin a move with another --name.' },
    );
  }
  if (move.source === undefined) await putSides(on.ports.store, move.id, sides);
  return { source, target, sides };
}

/** Opens a move for a slice of it. */
export async function openMoving(
  migrationId: string,
  on: {
    readonly ports: MigrationPorts;
    readonly sliceMs: number;
    readonly signal: AbortSignal;
    readonly tell: Moving['tell'];
  },
): Promise<Moving> {
  const { ports, sliceMs, signal, tell } = on;
  const move = await findMove(ports.store, migrationId);
  if (move === undefined) throw new AssayError('INTERNAL', `There is no move ${migrationId}.`);
  const until = performance.now() + sliceMs;
  return {
    id: migrationId,
    move,
    parts: partsOf(move.spec),
    ...(await describeSides(move, { ports, signal })),
    store: ports.store,
    signal,
    over: () => {
      signal.throwIfAborted();
      return ports.draining.aborted || performance.now() >= until;
    },
    tell,
  };
}
