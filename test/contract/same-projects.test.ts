import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { keyPlaces } from '../../src/activities/prompts/places.js';
import { refuseOtherProjects } from '../../src/client/same-projects.js';
import type { PlatformName } from '../../src/contracts/backend.js';
import type { KeyPlace } from '../../src/contracts/prompt-protocol.js';
import type { Platform } from '../../src/platforms/port.js';
import { keys, TestServer } from './langfuse-support.js';
import { platformFor, soon } from './platform-langfuse-support.js';

let ours: TestServer;
let theirs: TestServer;
let worker: Platform;

beforeAll(async () => {
  const others = { projectId: 'project-other', projectName: 'other' };
  [ours, theirs] = await Promise.all([TestServer.start(), TestServer.start(others)]);
  worker = platformFor(theirs.url);
});
afterAll(async () => {
  await worker.close();
  await Promise.all([ours.stop(), theirs.stop()]);
});

/** What the worker says of its keys, as an activity answers. */
const places = (platform = worker): Promise<readonly KeyPlace[]> =>
  keyPlaces(
    { platforms: [platform] } as unknown as Parameters<typeof keyPlaces>[0],
    ['langfuse'],
    soon(),
  );

async function compared(
  url: string,
  of: readonly KeyPlace[],
  on: readonly PlatformName[] = ['langfuse'],
): Promise<void> {
  const platform = platformFor(url);
  try {
    const platforms = () => [platform];
    await refuseOtherProjects({ platforms }, { platforms: ['langfuse'], places: of }, on);
  } finally {
    await platform.close();
  }
}

describe('keys here beside those of the worker', () => {
  it('are refused where they lead to another project, with both projects and no key in the words', async () => {
    const error: unknown = await compared(ours.url, await places()).catch((each: unknown) => each);
    expect(error).toMatchObject({
      code: 'PLATFORM_PROJECT_DIFFERS',
      problems: [
        {
          at: 'Langfuse',
          message: `the keys here are of "contract" (project-contract) at ${ours.url}, the worker's of "other" (project-other) at ${theirs.url}`,
        },
      ],
    });
    expect(JSON.stringify([error, await places()])).not.toContain(keys.secretKey);
    expect(JSON.stringify(await places())).not.toContain(keys.publicKey);
  });

  it('are the same where they lead to one project, also by another address of its server', async () => {
    await compared(theirs.url, await places());
    await compared(theirs.url.replace('127.0.0.1', 'localhost'), await places());
  });

  it('count only of platforms of which a terminal set them: what else it knows is from elsewhere', async () => {
    await compared(ours.url, await places(), ['langsmith']);
  });

  it('hold nothing up where one of the servers does not say whose they are, or the worker is of an earlier build', async () => {
    const nowhere = platformFor('http://127.0.0.1:9');
    expect(await places(nowhere)).toEqual([]);
    await nowhere.close();
    await compared('http://127.0.0.1:9', await places());
    await compared(ours.url, []);
    const halfSet = (): never => {
      throw new Error('LANGFUSE_SECRET_KEY is not set');
    };
    const said = { platforms: [], places: await places() };
    await refuseOtherProjects({ platforms: halfSet }, said, ['langfuse']);
  });
});
