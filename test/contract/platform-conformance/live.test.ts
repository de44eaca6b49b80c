import { describe, it } from '@jest/globals';

import { parseConnections } from '../../../src/contracts/environment.js';
import type { PlatformName } from '../../../src/contracts/backend.js';
import { platformTitles } from '../../../src/core/platforms/backend.js';
import { connectPlatforms } from '../../../src/platforms/connect.js';
import type { Traits } from './server.js';
import { describeConformance } from './suite.js';

/** Real servers answer from far away, and show what they took when they have worked it in. */
const traits: Readonly<Record<PlatformName, Traits>> = {
  langfuse: {
    inOurHands: false,
    resentSpans: 'shown_again',
    visibleWithinMs: 45_000,
    settlesWithinMs: 15_000,
  },
  langsmith: {
    inOurHands: false,
    resentSpans: 'shown_once',
    visibleWithinMs: 45_000,
    settlesWithinMs: 15_000,
  },
};

const has = (...names: readonly string[]): boolean =>
  names.every((name) => (process.env[name] ?? '') !== '');

const keys: Readonly<Record<PlatformName, boolean>> = {
  langfuse:
    (has('LANGFUSE_HOST') || has('LANGFUSE_BASE_URL')) &&
    has('LANGFUSE_PUBLIC_KEY', 'LANGFUSE_SECRET_KEY'),
  langsmith: has('LANGSMITH_API_KEY'),
};

// Only where it was asked for: what it writes stays in the project of the keys.
const asked = process.env['ASSAY_TEST_LIVE'] === '1';

for (const name of ['langfuse', 'langsmith'] as const) {
  if (asked && keys[name]) {
    describeConformance(
      `${platformTitles[name]} itself`,
      () => {
        const { langfuse, langsmith } = parseConnections({
          ...process.env,
          // Not asked for anything here.
          TEMPORAL_ADDRESS: '127.0.0.1:1',
          DATABASE_URL: 'postgres://127.0.0.1:1/none',
        });
        const own = name === 'langfuse' ? { langfuse } : { langsmith };
        const [platform] = connectPlatforms(
          Object.fromEntries(Object.entries(own).filter(([, each]) => each !== undefined)),
          { environment: 'assay-conformance' },
        );
        if (platform === undefined) throw new Error(`${name} is not connected`);
        return Promise.resolve({ platform, close: () => platform.close() });
      },
      traits[name],
    );
  } else {
    describe(`the platform port on ${platformTitles[name]} itself`, () => {
      it.skip('is looked at by `npm run test:live`, where its variables are set', () => undefined);
    });
  }
}
