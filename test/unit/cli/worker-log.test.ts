import { describe, expect, it } from '@jest/globals';

import { isShown } from '../../../src/cli/commands/dev-worker-log.js';
import { parseLogLine, prettyLogLine } from '../../../src/cli/worker-log.js';
import { dangerous, hostile } from '../core/text/escape/hostile.js';
import { recorded } from './streams.js';

const { sink } = recorded();

describe('a line of a worker', () => {
  it('is short for people', () => {
    const line = JSON.stringify({
      level: 40,
      time: Date.parse('2026-03-02T12:03:04.500Z'),
      pid: 4711,
      platform: 'langfuse',
      missing: 3,
      msg: 'sending again',
    });
    expect(prettyLogLine(line, sink)).toBe(
      '12:03:04 warn  [4711] sending again platform=langfuse missing=3',
    );
  });

  it.each(['FATAL ERROR: heap out of memory', '[1]', 'null', '{"msg":"no level"}', ''])(
    'that is not of pino is shown as it is: %j',
    (line) => {
      expect(parseLogLine(line)).toBeUndefined();
      expect(prettyLogLine(line, sink)).toBe(line);
    },
  );

  it('obeys nothing that user code wrote', () => {
    for (const text of Object.values(hostile)) {
      const line = JSON.stringify({ level: 30, time: 0, msg: text, [text]: text });
      expect(prettyLogLine(line, sink)).not.toMatch(dangerous);
      expect(prettyLogLine(text, sink)).not.toMatch(dangerous);
    }
  });
});

describe('what the terminal of `assay dev` shows of workers', () => {
  const line = (level: number, fields: object): string => JSON.stringify({ level, ...fields });

  it('is warnings and worse, and what no logger wrote', () => {
    expect(isShown(line(30, { msg: 'ready' }))).toBe(false);
    expect(isShown(line(40, { msg: 'Activity failed', error: { type: 'TARGET_FAILED' } }))).toBe(
      true,
    );
    expect(isShown(line(50, { msg: 'worker crashed' }))).toBe(true);
    expect(isShown('FATAL ERROR: heap out of memory')).toBe(true);
  });

  it('is not how a worker that stops politely gives its batches back', () => {
    const error = { type: 'WORKER_STOPPING', message: 'This worker is stopping' };
    expect(isShown(line(40, { msg: 'Activity failed', error }))).toBe(false);
    expect(isShown(line(50, { msg: 'failed', error }))).toBe(true);
  });
});
