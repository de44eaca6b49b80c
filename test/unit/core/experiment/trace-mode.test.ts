import { describe, expect, it } from '@jest/globals';

import { traceModeOf } from '../../../../src/core/experiment/trace-mode.js';

describe('where the traces of a run go', () => {
  it('is said by the run before its target before the project', () => {
    const project = 'platform';
    expect(traceModeOf({ spec: undefined, target: undefined, project })).toBe('platform');
    expect(traceModeOf({ spec: undefined, target: undefined, project: 'none' })).toBe('none');
    expect(traceModeOf({ spec: undefined, target: 'none', project })).toBe('none');
    expect(traceModeOf({ spec: 'platform', target: 'none', project: 'none' })).toBe('platform');
  });
});
