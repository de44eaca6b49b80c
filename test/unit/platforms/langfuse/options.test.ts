import { describe, expect, it } from '@jest/globals';

import { AssayError } from '../../../../src/core/errors/assay-error.js';
import { createLangfusePlatform } from '../../../../src/platforms/langfuse/platform.js';

const good = {
  baseUrl: 'https://langfuse.example/prefix/',
  publicKey: 'pk',
  secretKey: 'sk-very-secret',
  environment: 'assay',
};

function problemsOf(change: Partial<typeof good>) {
  try {
    createLangfusePlatform({ ...good, ...change });
  } catch (error) {
    if (AssayError.is(error)) return { error, places: error.problems.map(({ at }) => at) };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('createLangfusePlatform', () => {
  it('lists all problems at once, by variable', () => {
    const { error, places } = problemsOf({
      baseUrl: 'ftp://x',
      publicKey: ' ',
      secretKey: 'a\nb',
      environment: 'Not Good',
    });
    expect(error.code).toBe('ENVIRONMENT_INVALID');
    expect(places).toEqual([
      'LANGFUSE_HOST',
      'LANGFUSE_PUBLIC_KEY',
      'LANGFUSE_SECRET_KEY',
      'LANGFUSE_TRACING_ENVIRONMENT',
    ]);
  });

  it('refuses keys in the address and shows none', () => {
    const { error } = problemsOf({ baseUrl: 'https://pk:hunter2@langfuse.example' });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it('makes links for the address that a browser finds, and asks the server at its own', async () => {
    const platform = createLangfusePlatform({
      ...good,
      baseUrl: 'http://127.0.0.1:1',
      webUrl: 'https://public.example/langfuse/',
    });
    expect([
      platform.traceUrl('p', 'abc'),
      platform.tracesUrl?.('p'),
      platform.datasets.url('p', 'd'),
      platform.runUrl?.(
        { generation: 'v4', projectId: 'p', datasetId: 'd', runs: [] } as never,
        'r',
      ),
    ]).toEqual([
      'https://public.example/langfuse/project/p/traces/abc',
      'https://public.example/langfuse/project/p/traces',
      'https://public.example/langfuse/project/p/datasets/d',
      'https://public.example/langfuse/project/p/datasets/d/runs/r',
    ]);
    await expect(platform.describe(AbortSignal.timeout(5_000))).rejects.toThrow('127.0.0.1:1');
    await platform.close();
  });

  it('keeps the path of the address in links and escapes what it puts there', () => {
    const platform = createLangfusePlatform(good);
    expect(platform.traceUrl('p/1', 'abc')).toBe(
      'https://langfuse.example/prefix/project/p%2F1/traces/abc',
    );
  });
});
