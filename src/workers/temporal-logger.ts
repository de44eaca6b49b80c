import { DefaultLogger, type LogLevel, type Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

const levels: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'debug',
  WARN: 'warn',
  ERROR: 'error',
};

/** Sends the SDK's own log to ours; its INFO is our debug, since it tells of every poller. */
export function temporalLogger(log: Logger): TemporalLogger {
  return new DefaultLogger('WARN', ({ level, message, meta }) => {
    // A worker of activities alone is meant to be one.
    if (message.startsWith('No workflows registered')) return;
    // Failures carry payloads in their details; only what identifies the place is kept.
    const { workflowId, runId, activityType, activityId, taskQueue, attempt } = meta ?? {};
    const fields = { workflowId, runId, activityType, activityId, taskQueue, attempt } as Record<
      string,
      unknown
    >;
    const error: unknown = meta?.['error'];
    if (error instanceof Error) fields['error'] = error.message;
    log[levels[level]](fields, `temporal: ${message}`);
  });
}
