import { describe, expect, it } from '@jest/globals';

import { isAnswer } from '../../../../src/activities/regression/answer.js';
import { AssayError } from '../../../../src/core/errors/assay-error.js';

describe('whoever asks for a gate', () => {
  it('is told that the worker has no keys for a platform, and waits for what passes', () => {
    expect(isAnswer(new AssayError('PLATFORM_NOT_CONFIGURED', 'No keys.'))).toBe(true);
    expect(isAnswer(new AssayError('GATE_INVALID', 'Wrong.'))).toBe(true);
    expect(isAnswer(new AssayError('PLATFORM_UNREACHABLE', 'Away.'))).toBe(false);
    expect(isAnswer(new AssayError('CODE_MISMATCH', 'Later.', { retryAfterMs: 1 }))).toBe(false);
  });
});
