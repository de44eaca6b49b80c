import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { sha256 } from '../../../../../src/core/ids/hash.js';
import { fileSlug } from '../../../../../src/core/text/escape/file-name.js';
import { anyText, hostile, large } from './hostile.js';

const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

describe('the folder name of an experiment', () => {
  it('is 1 to 60 letters, digits and inner dashes, and no reserved name, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.constant(large)), (text) => {
        const slug = fileSlug(text);
        expect(slug).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
        expect(slug.length).toBeLessThanOrEqual(60);
        expect(slug).not.toMatch(reserved);
      }),
    );
  });

  it('is the name itself where that is one already', () => {
    expect(fileSlug('triage-tickets-2026-03-02')).toBe('triage-tickets-2026-03-02');
    expect(fileSlug('a'.repeat(60))).toBe('a'.repeat(60));
  });

  it('carries 8 hex digits of the hash of the name where it differs', () => {
    for (const name of [
      'Triage',
      'a b',
      'Grüße',
      'a'.repeat(61),
      '../../etc/passwd',
      '日本語',
      '',
    ]) {
      expect(fileSlug(name).endsWith(`-${sha256(name).slice(0, 8)}`)).toBe(true);
    }
    expect(fileSlug('Grüße an Zoë')).toMatch(/^grue?-?/);
    expect(fileSlug('日本語')).toMatch(/^run-[0-9a-f]{8}$/);
  });

  it('keeps names apart that a file system takes for one', () => {
    const names = ['Run', 'run', 'RUN', 'run ', 'run.', 'run-', 'rún'];
    expect(new Set(names.map((name) => fileSlug(name).toLowerCase())).size).toBe(names.length);
  });

  it('is no device of Windows', () => {
    for (const name of ['con', 'nul', 'com1', 'lpt9', 'aux', 'prn']) {
      expect(fileSlug(name)).toBe(`${name}-${sha256(name).slice(0, 8)}`);
    }
  });

  it('leaves no path in it', () => {
    expect(fileSlug('../../etc/passwd')).toMatch(/^etc-passwd-/);
    expect(fileSlug(hostile.nul)).toMatch(/^before-after-/);
  });
});
