import { describe, expect, it } from '@jest/globals';

import { heldBack } from '../../../../src/core/prompts/label-moves.js';

describe('a label of a push', () => {
  it('is put where nobody has it, and where it stands already', () => {
    for (const holder of [undefined, '4']) {
      expect(heldBack({ label: 'production', to: '4', holder, moves: [] })).toBeUndefined();
    }
  });

  it('moves by the push, unless it is production', () => {
    const of = { to: '4', holder: '3', moves: [] };
    expect(heldBack({ ...of, label: 'staging' })).toBeUndefined();
    expect(heldBack({ ...of, label: 'production' })).toMatch(/stays on 3: .*promote/);
  });

  it('is not given back to the version that it was rolled back from, until somebody promotes it', () => {
    const rolledBack = { kind: 'rollback', from: '4', to: '3' } as const;
    const of = { label: 'staging', to: '4', holder: '3' };
    expect(heldBack({ ...of, moves: [rolledBack] })).toMatch(/rolled back/);
    const promoted = { kind: 'promote', from: '2', to: '3' } as const;
    expect(heldBack({ ...of, moves: [rolledBack, promoted] })).toBeUndefined();
    // Another version than the one that was rolled back from is news.
    expect(heldBack({ ...of, to: '5', moves: [rolledBack] })).toBeUndefined();
  });
});
