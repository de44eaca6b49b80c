import { openLangfuseDev } from './langfuse-dev.js';
import { openLangsmithTest } from './langsmith-test.js';
import type { ConformanceServer, Traits } from './server.js';
import { describeConformance } from './suite.js';

/** Servers that run here: a line each. */
const servers: readonly (readonly [string, () => Promise<ConformanceServer>, Traits])[] = [
  [
    'Langfuse 4, events_only',
    () => openLangfuseDev(),
    { inOurHands: true, resentSpans: 'shown_again', visibleWithinMs: 3_000 },
  ],
  [
    'Langfuse 4, dual',
    () => openLangfuseDev({ mode: 'dual' }),
    { inOurHands: true, resentSpans: 'shown_again', visibleWithinMs: 3_000 },
  ],
  [
    'Langfuse 3',
    () => openLangfuseDev({ mode: 'legacy', version: '3.140.0' }),
    { inOurHands: true, resentSpans: 'shown_once', visibleWithinMs: 3_000 },
  ],
  [
    'LangSmith (test server)',
    () => openLangsmithTest(),
    { inOurHands: true, resentSpans: 'shown_once', visibleWithinMs: 3_000 },
  ],
  [
    'LangSmith (test server that refuses a repeated feedback)',
    () => openLangsmithTest({ repeatedFeedback: 'refuse' }),
    { inOurHands: true, resentSpans: 'shown_once', visibleWithinMs: 3_000 },
  ],
];

for (const [name, open, traits] of servers) describeConformance(name, open, traits);
