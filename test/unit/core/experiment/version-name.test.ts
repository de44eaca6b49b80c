import { describe, expect, it } from '@jest/globals';

import {
  nextVersion,
  versionedName,
  versionOf,
} from '../../../../src/core/experiment/version-name.js';

const next = (name: string, taken: Readonly<Record<number, string>>, manifestHash = 'mine') =>
  nextVersion({
    ...versionedName(name),
    taken: new Map(Object.entries(taken).map(([version, hash]) => [Number(version), hash])),
    manifestHash,
  });

describe('the name of a new version', () => {
  it('is the first that nobody has, from v2 on', () => {
    expect(next('nightly', {})).toBe('nightly-v2');
    expect(next('nightly', { 2: 'other' })).toBe('nightly-v3');
    expect(next('nightly', { 2: 'other', 3: 'other', 5: 'other' })).toBe('nightly-v4');
  });

  it('is the one that has this very content, where there is one', () => {
    expect(next('nightly', { 2: 'other', 3: 'mine', 5: 'mine' })).toBe('nightly-v3');
  });

  it('goes on from the version that a name is already', () => {
    expect(next('nightly-v2', {})).toBe('nightly-v3');
    expect(next('nightly-v3', { 2: 'mine' })).toBe('nightly-v4');
    expect(next('-v2', {})).toBe('-v2-v2');
    expect(next('nightly-v0', {})).toBe('nightly-v0-v2');
  });

  it('takes no other name for a version', () => {
    expect(versionOf('nightly-v12', 'nightly')).toBe(12);
    for (const name of ['nightly', 'nightly-v', 'nightly-v2x', 'nightly-v02', 'daily-v2']) {
      expect(versionOf(name, 'nightly')).toBeUndefined();
    }
  });

  it('is refused where it would be too long', () => {
    expect(() => next('n'.repeat(198), {})).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID' }),
    );
    expect(next('n'.repeat(197), {})).toHaveLength(200);
  });
});
