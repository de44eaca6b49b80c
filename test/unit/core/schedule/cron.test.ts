import { describe, expect, it } from '@jest/globals';

import { cronProblem, isTimeZone } from '../../../../src/core/schedule/cron.js';
import { scheduledName } from '../../../../src/core/schedule/scheduled-name.js';

describe('a cron expression', () => {
  it.each([
    '30 2 * * *',
    '*/15 8-18 * * mon-fri',
    '0 0 1,15 jan-jun *',
    '  5  4  *  *  7 ',
    '0/10 * * * SUN',
    '@daily',
  ])('%j can be used', (text) => {
    expect(cronProblem(text)).toBeUndefined();
  });

  it.each([
    ['', 'has 0 fields'],
    ['30 2 * *', 'has 4 fields'],
    // Six fields mean seconds elsewhere and a year on Temporal's server.
    ['0 30 2 * * *', 'has 6 fields'],
    ['60 2 * * *', 'the minute "60" is not made of numbers from 0 to 59'],
    ['0 24 * * *', 'the hour "24"'],
    ['0 0 0 * *', 'the day of the month "0"'],
    ['0 0 * 13 *', 'the month "13"'],
    ['0 0 * * 8', 'the day of the week "8"'],
    ['0 0 * * funday', 'the day of the week "funday"'],
    ['0 18-8 * * *', 'begins after its end'],
    ['*/0 * * * *', 'has a step that is no number above 0'],
    ['1/2/3 * * * *', 'has more than one step'],
    ['1-2-3 * * * *', 'is no range'],
    ['1,,2 * * * *', 'is not made of numbers'],
    ['-5 * * * *', 'is not made of numbers'],
    ['@nightly', 'is none of @yearly'],
    ['CRON_TZ=Asia/Tokyo 0 3 * * *', 'has 6 fields'],
  ])('%j is refused: %s', (text, problem) => {
    expect(cronProblem(text)).toContain(problem);
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])(
    '%s is known',
    (name) => {
      expect(isTimeZone(name)).toBe(true);
    },
  );

  it.each(['Mars/Olympus', '', '+01:00', 'Europe/', '../etc/passwd', 'Berlin'])(
    '%j is refused',
    (name) => {
      expect(isTimeZone(name)).toBe(false);
    },
  );
});

describe('the name of a scheduled run', () => {
  it('is of the time that was meant, in UTC', () => {
    const at = new Date('2026-03-29T02:30:00+02:00');
    expect(scheduledName('nightly', at)).toBe('nightly-20260329-003000');
  });
});
