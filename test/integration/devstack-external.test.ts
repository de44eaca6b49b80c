import { describe, expect, it } from '@jest/globals';

import { AssayError } from '../../src/core/errors/assay-error.js';
import { environmentOf, externalServices } from '../../src/devstack/external.js';

const failureOf = (env: NodeJS.ProcessEnv): unknown => {
  try {
    return externalServices(env);
  } catch (error) {
    return error;
  }
};

describe('services of the user’s own', () => {
  it('replace the embedded ones the moment their variable is set', () => {
    expect(externalServices({})).toEqual({});
    expect(
      externalServices({
        TEMPORAL_ADDRESS: 'temporal.example:7233',
        DATABASE_URL: 'postgres://db.example/assay',
        LANGFUSE_HOST: 'https://langfuse.example',
        LANGFUSE_PUBLIC_KEY: 'pk',
        LANGFUSE_SECRET_KEY: 'sk',
        OPENAI_API_KEY: 'key',
      }),
    ).toEqual({
      temporal: { address: 'temporal.example:7233', namespace: 'default' },
      postgres: { url: 'postgres://db.example/assay' },
      langfuse: { url: 'https://langfuse.example', publicKey: 'pk', secretKey: 'sk' },
      model: { url: 'https://api.openai.com/v1', apiKey: 'key' },
    });
  });

  it('are not given by an empty variable, which compose files set for what is unset', () => {
    expect(
      externalServices({ TEMPORAL_ADDRESS: '', DATABASE_URL: ' ', OPENAI_API_KEY: '' }),
    ).toEqual({});
  });

  it('lists every missing Langfuse key, and never a value', () => {
    const error = failureOf({ LANGFUSE_BASE_URL: 'https://user:hidden@langfuse.example' });
    expect(AssayError.is(error) ? error.code : error).toBe('ENVIRONMENT_INVALID');
    expect(AssayError.is(error) ? error.problems.map(({ at }) => at) : []).toEqual([
      'LANGFUSE_PUBLIC_KEY',
      'LANGFUSE_SECRET_KEY',
    ]);
    expect(JSON.stringify(error)).not.toContain('hidden');
  });

  it('are no half of a Langfuse: keys without its address are told, and not left aside', () => {
    const error = failureOf({ LANGFUSE_PUBLIC_KEY: 'pk', LANGFUSE_SECRET_KEY: 'hidden' });
    expect(error).toMatchObject({ problems: [{ at: 'LANGFUSE_HOST' }] });
    expect(JSON.stringify(error)).not.toContain('hidden');
  });

  it('reach a worker as the variables that it reads, and come back the same', () => {
    const services = {
      postgres: { url: 'postgres://127.0.0.1/assay' },
      temporal: { address: '127.0.0.1:7233', namespace: 'team' },
      langfuse: { url: 'http://127.0.0.1:3000', publicKey: 'pk', secretKey: 'sk' },
      model: { url: 'http://127.0.0.1:4000/v1', apiKey: 'key' },
    };
    expect(externalServices({ ...environmentOf(services) })).toEqual(services);
  });
});
