import { describe, expect, it } from '@jest/globals';

import { parsePointer, resolvePointer } from '../../../../src/core/json/pointer.js';

describe('a JSON pointer', () => {
  // RFC 6901, section 5.
  const document = {
    foo: ['bar', 'baz'],
    '': 0,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
  };
  it.each([
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('%j names what the RFC says', (pointer, value) => {
    expect(resolvePointer(document, pointer)).toEqual(value);
  });

  it('unescapes ~01 to ~1, not to /', () => {
    expect(parsePointer('/~01')).toEqual(['~1']);
  });

  it.each([
    '/foo/2',
    '/foo/-',
    '/foo/00',
    '/foo/1e0',
    '/foo/length',
    '/foo/0/x',
    '/none',
    '/__proto__',
    '/constructor',
  ])('%s names nothing', (pointer) => {
    expect(resolvePointer(document, pointer)).toBeUndefined();
  });

  it('tells null from nothing', () => {
    expect(resolvePointer({ a: null }, '/a')).toBeNull();
    expect(resolvePointer(null, '/a')).toBeUndefined();
  });

  it.each(['foo', '#/foo', '/a~', '/a~2'])('%s is none', (pointer) => {
    expect(parsePointer(pointer)).toBeUndefined();
    expect(() => resolvePointer({}, pointer)).toThrow(TypeError);
  });
});
