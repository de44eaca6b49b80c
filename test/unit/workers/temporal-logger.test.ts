import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { toApplicationFailure } from '../../../src/activities/failures.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';
import type { ErrorCode } from '../../../src/core/errors/catalogue.js';
import { isShown } from '../../../src/cli/commands/dev-worker-log.js';
import { temporalLogger } from '../../../src/workers/temporal-logger.js';

/** What the log of a worker says of an activity that ended so. */
function logged(error: unknown): {
  readonly line: string;
  readonly record: Record<string, unknown>;
} {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(line) });
  const meta = { error, activityType: 'movePromptLabel', attempt: 1, durationMs: 3 };
  temporalLogger(log).warn('Activity failed', meta);
  const [line = ''] = lines;
  return { line, record: JSON.parse(line) as Record<string, unknown> };
}
const failure = (code: ErrorCode, retryAfterMs?: number): unknown =>
  toApplicationFailure(
    new AssayError(code, 'The words of it.', retryAfterMs === undefined ? {} : { retryAfterMs }),
  );

describe('an activity that failed', () => {
  it.each(['PROMPT_GATE_REFUSED', 'PROMPT_NOT_FOUND', 'SPEC_INVALID'] as const)(
    'with %s is one quiet line with its code: whoever asked is told',
    (code) => {
      const { line, record } = logged(failure(code));
      expect(record).toMatchObject({
        level: 30,
        code,
        error: 'The words of it.',
        msg: 'what was asked for was refused',
        activityType: 'movePromptLabel',
      });
      expect(line).not.toContain('    at ');
      expect(isShown(line)).toBe(false);
    },
  );

  it.each([
    ['a platform that refuses the keys', failure('PLATFORM_UNAUTHORIZED')],
    ['a database that is away', failure('POSTGRES_UNREACHABLE')],
    ['a wait for the right code', failure('CODE_MISMATCH', 1_000)],
    ['a defect', failure('INTERNAL')],
    ['what is none of ours', new Error('The words of it.')],
  ])('stays loud where it is %s', (_what, error) => {
    const { line, record } = logged(error);
    expect(record).toMatchObject({ level: 40, error: 'The words of it.' });
    expect(record['msg']).toBe('temporal: Activity failed');
    expect(isShown(line)).toBe(true);
  });
});
