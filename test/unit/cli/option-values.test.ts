import { describe, expect, it } from '@jest/globals';

import {
  durationMs,
  listAmong,
  nameList,
  portNumber,
  positiveNumber,
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

  it('keeps counts and ports in their range', () => {
    expect(positiveNumber('1')).toBe(1);
    expect(() => positiveNumber('0')).toThrow('at least 1');
    expect(portNumber('65535')).toBe(65_535);
    expect(() => portNumber('65536')).toThrow('1 to 65535');
  });
});
