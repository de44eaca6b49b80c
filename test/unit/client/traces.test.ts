import { describe, expect, it } from '@jest/globals';

import { createTraces } from '../../../src/client/traces.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';
import type { ErrorCode } from '../../../src/core/errors/catalogue.js';
import type { Platform } from '../../../src/platforms/port.js';

/** A platform that has one trace, or answers so to each. */
const platform = (name: string, has: string, otherwise: ErrorCode = 'TRACE_NOT_FOUND'): Platform =>
  ({
    name,
    readTrace: (id: string) =>
      id === has ? Promise.resolve({ id, name }) : Promise.reject(new AssayError(otherwise, name)),
  }) as unknown as Platform;

const silent = (name: string): Platform => platform(name, '', 'PLATFORM_UNREACHABLE');

const tracesOf = (...platforms: Platform[]) => createTraces({ platforms: () => platforms });

describe('a trace', () => {
  it('is that of the first platform that has it', async () => {
    const traces = tracesOf(platform('langfuse', 'one'), platform('langsmith', 'two'));
    expect(await traces.get('one')).toMatchObject({ name: 'langfuse' });
    expect(await traces.get('two')).toMatchObject({ name: 'langsmith' });
    await expect(traces.get('three')).rejects.toMatchObject({
      code: 'TRACE_NOT_FOUND',
      message: 'langfuse',
    });
  });

  it('is looked for nowhere else where one does not answer: nobody knows whether it is there', async () => {
    const traces = tracesOf(silent('langfuse'), platform('langsmith', 'a'));
    await expect(traces.get('a')).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    const late = tracesOf(platform('langfuse', 'b'), silent('langsmith'));
    await expect(late.get('a')).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  });

  it('of a platform that is named is that one alone', async () => {
    const traces = tracesOf(platform('langfuse', 'one'), platform('langsmith', 'one'));
    expect(await traces.get('one', { platform: 'langsmith' })).toMatchObject({ name: 'langsmith' });
    await expect(
      tracesOf(platform('langfuse', 'one')).get('one', { platform: 'langsmith' }),
    ).rejects.toMatchObject({
      code: 'PLATFORM_NOT_CONFIGURED',
      problems: [{ at: 'LANGSMITH_API_KEY' }],
    });
  });
});
