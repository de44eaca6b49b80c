import { describe, expect, it } from '@jest/globals';

import { describeSides, platformsOf } from '../../../../src/activities/migration/moving.js';
import type { MigrationPorts } from '../../../../src/activities/migration/ports.js';
import type { MoveSide } from '../../../../src/contracts/platform-migration.js';
import type { MoveRecord } from '../../../../src/store/moves/moves.js';

const side = (platform: string, projectId: string): MoveSide => ({
  platform,
  url: 'http://127.0.0.1',
  version: '1',
  generation: platform === 'langsmith' ? 'langsmith' : 'v4',
  projectId,
  projectName: `name of ${projectId}`,
});

/** Only what of a platform says whose it is. */
const portsOf = (...sides: readonly MoveSide[]): MigrationPorts => {
  const platforms = sides.map((each) => ({
    name: each.platform,
    describe: () => Promise.resolve(each),
  }));
  return { platforms } as unknown as MigrationPorts;
};

const move = {
  id: 'p/all',
  name: 'all',
  direction: 'langsmith-to-langfuse',
  source: side('langsmith', 'w-1'),
  target: side('langfuse', 'p-1'),
} as MoveRecord;

const { signal } = new AbortController();

describe('a move that goes on', () => {
  it('goes on with the projects that it began with', async () => {
    const ports = portsOf(side('langfuse', 'p-1'), side('langsmith', 'w-1'));
    const { source, target } = await describeSides(move, { ports, signal });
    expect([source.name, target.name]).toEqual(['langsmith', 'langfuse']);
  });

  it.each([
    ['source', portsOf(side('langfuse', 'p-1'), side('langsmith', 'w-2'))],
    ['target', portsOf(side('langfuse', 'p-2'), side('langsmith', 'w-1'))],
  ])('is refused where the keys of the %s are of another project by now', async (_side, ports) => {
    await expect(describeSides(move, { ports, signal })).rejects.toMatchObject({
      code: 'PLATFORM_PROJECT_CHANGED',
    });
  });

  it('is refused where the worker has no keys for a side', () => {
    expect(() => platformsOf('langsmith-to-langfuse', portsOf(side('langfuse', 'p-1')))).toThrow(
      expect.objectContaining({
        code: 'PLATFORM_NOT_CONFIGURED',
        message: 'This worker has no keys for LangSmith.',
      }),
    );
  });
});
