import { describe, expect, it } from '@jest/globals';

import { langfuseChoices } from '../../../src/devstack/langfuse-choices.js';

describe('what the environment says of the embedded Langfuse server', () => {
  it('leaves both to the defaults where nothing is said', () => {
    expect(langfuseChoices({ ASSAY_DEV_LANGFUSE_MODE: ' ' })).toEqual({});
  });

  it('chooses the write mode and the reported version', () => {
    const env = { ASSAY_DEV_LANGFUSE_MODE: 'legacy', ASSAY_DEV_LANGFUSE_VERSION: '3.140.0' };
    expect(langfuseChoices(env)).toEqual({ mode: 'legacy', version: '3.140.0' });
  });

  it('lists all that is wrong, without the values', () => {
    const env = { ASSAY_DEV_LANGFUSE_MODE: 'v3', ASSAY_DEV_LANGFUSE_VERSION: 'latest' };
    expect(() => langfuseChoices(env)).toThrow(
      expect.objectContaining({
        code: 'ENVIRONMENT_INVALID',
        problems: [
          expect.objectContaining({ at: 'ASSAY_DEV_LANGFUSE_MODE' }),
          expect.objectContaining({ at: 'ASSAY_DEV_LANGFUSE_VERSION' }),
        ],
      }),
    );
  });
});
