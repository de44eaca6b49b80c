import { describe, expect, it } from '@jest/globals';

import {
  dollars,
  durationMs,
  failureLimit,
  listAmong,
  nameList,
  portNumber,
  positiveNumber,
  versionMoment,
  wholeNumber,
} from '../../../src/cli/option-values.js';

describe('option values', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['30d', 2_592_000_000],
  ])('reads the time %s', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['30', 's', '-1s', '1 s', '1w', '', 'Infinitys'])('refuses the time %j', (text) => {
    expect(() => durationMs(text)).toThrow('with its unit');
  });

  it('reads lists without their spaces and repetitions', () => {
    expect(nameList('a, b ,a')).toEqual(['a', 'b']);
    expect(() => nameList('a,,b')).toThrow('commas');
    expect(listAmong(['ok', 'skipped'])('skipped,ok')).toEqual(['skipped', 'ok']);
    expect(() => listAmong(['ok'])('ko')).toThrow('"ko" is none of ok');
  });

  it.each(['1.5', '-1', '0x10', '1e3', '', ' 1', '9'.repeat(20)])(
    'refuses %j as a whole number',
    (text) => {
      expect(() => wholeNumber(text)).toThrow('whole number');
    },
  );

  it('reads the version of a dataset, but none that is still to come', () => {
    expect(versionMoment('2026-11-21T13:00:00+01:00')).toBe('2026-11-21T12:00:00.000Z');
    // By the clock of a platform, which may be ahead of ours.
    expect(versionMoment(new Date(Date.now() + 60_000).toISOString())).toBeTruthy();
    for (const later of [3_600_000, 86_400_000 * 365]) {
      const text = new Date(Date.now() + later).toISOString();
      expect(() => versionMoment(text)).toThrow('It lies in the future');
    }
    expect(() => versionMoment('yesterday')).toThrow('a moment with its zone');
  });

  it('reads dollars, with or without their sign', () => {
    expect(dollars('20')).toBe(20);
    expect(dollars('$0.50')).toBe(0.5);
    for (const wrong of ['0', '-1', '1e3', '', '2000000', '1,5', 'NaN']) {
      expect(() => dollars(wrong)).toThrow('amount of dollars');
    }
  });

  it('reads a limit of failures as a count or a share', () => {
    expect(failureLimit('10')).toEqual({ count: 10 });
    expect(failureLimit('0')).toEqual({ count: 0 });
    expect(failureLimit('5%')).toEqual({ share: 0.05 });
    expect(failureLimit('2.5%')).toEqual({ share: 0.025 });
    for (const wrong of ['2.5', '101%', '-1', '%', '', 'half']) {
      expect(() => failureLimit(wrong)).toThrow('a share such as 5%');
    }
  });

  it('keeps counts and ports in their range', () => {
    expect(positiveNumber('1')).toBe(1);
    expect(() => positiveNumber('0')).toThrow('at least 1');
    expect(portNumber('65535')).toBe(65_535);
    expect(() => portNumber('65536')).toThrow('1 to 65535');
  });
});
