import { openLangfuseDev } from './langfuse-dev.js';
import { openLangsmithTest } from './langsmith-test.js';
import type { ConformanceServer, Traits } from './server.js';
import { describeConformance } from './suite.js';

const here = { inOurHands: true, visibleWithinMs: 3_000, settlesWithinMs: 60 } as const;
// Writes are seen a moment later, as on real servers: what stands there twice may be seen once at first.
const visibility = {
  spans: { minMs: 0, maxMs: 40 },
  scores: { minMs: 0, maxMs: 40 },
} as const;
const delays = { runsMs: 30, feedbackMs: 40 } as const;

/** Servers that run here: a line each. */
const servers: readonly (readonly [string, () => Promise<ConformanceServer>, Traits])[] = [
  [
    'Langfuse 4, events_only',
    () => openLangfuseDev({ visibility }),
    { ...here, resentSpans: 'shown_again' },
  ],
  [
    'Langfuse 4, dual',
    () => openLangfuseDev({ mode: 'dual', visibility }),
    { ...here, resentSpans: 'shown_again' },
  ],
  [
    'Langfuse 3',
    () => openLangfuseDev({ mode: 'legacy', version: '3.140.0', visibility }),
    { ...here, resentSpans: 'shown_once' },
  ],
  [
    'LangSmith (test server)',
    () => openLangsmithTest({ delays }),
    { ...here, resentSpans: 'shown_once' },
  ],
  [
    'LangSmith (test server that refuses a repeated feedback)',
    () => openLangsmithTest({ delays, repeatedFeedback: 'refuse' }),
    { ...here, resentSpans: 'shown_once' },
  ],
];

for (const [name, open, traits] of servers) describeConformance(name, open, traits);
