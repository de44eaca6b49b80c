import { afterAll, afterEach, beforeAll, describe, it } from '@jest/globals';

import { describeDatasets, describePrompts } from './content.js';
import { describeFaults } from './faults.js';
import { describePublishing } from './publishing.js';
import type { ConformanceServer, Traits } from './server.js';

/** What each part of the suite works with; the server is there once its tests run. */
export interface Suite {
  readonly server: () => ConformanceServer;
  /** For tests of a server that is in our hands. */
  readonly itHere: typeof it.skip;
  readonly traits: Traits;
}

/**
 * What the engine relies on, of any platform: whoever implements the port and passes this can be published to.
 *
 * @param open starts or connects the server; called once.
 */
export function describeConformance(
  name: string,
  open: () => Promise<ConformanceServer>,
  traits: Traits,
): void {
  describe(`the platform port on ${name}`, () => {
    let opened: ConformanceServer | undefined;
    const suite: Suite = {
      traits,
      itHere: traits.inOurHands ? it : it.skip,
      server: () => {
        if (opened === undefined) throw new Error(`${name} is not open`);
        return opened;
      },
    };
    beforeAll(async () => {
      opened = await open();
    });
    afterEach(() => opened?.calm?.());
    afterAll(() => opened?.close());
    describeDatasets(suite);
    describePrompts(suite);
    describePublishing(suite);
    describeFaults(suite);
  });
}
