import { describe, expect, it } from '@jest/globals';

import { AssayError } from '../../../../src/core/errors/assay-error.js';
import { unverifiedError } from '../../../../src/core/experiment/unverified.js';

const refused = new AssayError('PLATFORM_UNAUTHORIZED', 'The keys are refused.', {
  mend: 'Correct them.',
}).toJSON();

describe('what a run ends with that is not verified everywhere', () => {
  it('is nothing where all is well', () => {
    expect(unverifiedError([], ['langfuse', 'langsmith'])).toBeUndefined();
  });

  it('of one platform is its own word: the figures say what is missing', () => {
    expect(
      unverifiedError([{ platform: 'langfuse', why: 'incomplete' }], ['langfuse']),
    ).toBeUndefined();
    expect(unverifiedError([{ platform: 'langfuse', why: refused }], ['langfuse'])).toBe(refused);
  });

  it('of several names the one that is meant, and says that all is there on the other', () => {
    const both = ['langfuse', 'langsmith'];
    expect(unverifiedError([{ platform: 'langsmith', why: 'incomplete' }], both)).toMatchObject({
      code: 'EXPERIMENT_UNVERIFIED',
      message: expect.stringMatching(/on langsmith; all is there on langfuse/),
      problems: [{ at: 'langsmith' }],
    });
    expect(
      unverifiedError(
        [
          { platform: 'langsmith', why: 'incomplete' },
          { platform: 'langfuse', why: refused },
        ],
        both,
      ),
    ).toMatchObject({
      message: 'Not everything that was published could be read back on langsmith and langfuse.',
      problems: [
        { at: 'langsmith' },
        { at: 'langfuse', message: expect.stringContaining('PLATFORM_UNAUTHORIZED') },
      ],
    });
  });
});
