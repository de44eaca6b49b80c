import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, type LogLevel, type Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

import { catalogueEntry, isErrorCode } from '../core/errors/catalogue.js';

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
    const code = error instanceof ApplicationFailure ? (error.type ?? undefined) : undefined;
    if (code !== undefined) fields['code'] = code;
    if (isRefusal(error)) log.info(fields, 'what was asked for was refused');
    else log[levels[level]](fields, `temporal: ${message}`);
  });
}

/** Exit codes of what lies with whoever asked: usage and configuration, not there, a conflict. */
const ofTheAsker: ReadonlySet<number> = new Set([2, 3, 4]);

/** An answer that whoever asked is told, and no trouble of this worker: nobody need be woken for it. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof ApplicationFailure) || error.nonRetryable !== true) return false;
  const code = error.type ?? '';
  return isErrorCode(code) && ofTheAsker.has(catalogueEntry(code).exit);
}
