import type { Logger } from 'pino';

import { blindMend } from '../tracing/api-copies.js';
import type { TracingEvent } from '../tracing/register.js';

/** Tells an operator what became of spans that stand in no trace. */
export function logTracing(event: TracingEvent, log: Logger): void {
  switch (event.kind) {
    case 'replaced':
      log.warn(
        { provider: event.provider },
        'a tracer provider of the project was replaced: spans of cells are published by Assay alone',
      );
      return;
    case 'blind':
      log.warn(
        { copies: event.copies.map(({ version, folder }) => `${version} in ${folder}`) },
        `spans of code that imports these copies of @opentelemetry/api stand in no trace. ${blindMend}`,
      );
      return;
    case 'strays':
      log.warn(
        { spans: event.spans },
        'spans were dropped: they began outside of cells, or after their cell had ended',
      );
  }
}
