import { describe, expect, it } from '@jest/globals';

import { codedFailure } from '../../../src/store/failures.js';

const failing = (code: string): Error =>
  Object.assign(new Error('password authentication failed for user "assay"'), { code });

describe('a failure of Postgres', () => {
  it('tells a refused account from a server that is away', () => {
    expect(codedFailure(failing('28P01'), 'db:5432/assay')).toMatchObject({
      code: 'POSTGRES_UNREACHABLE',
      message: 'Postgres at db:5432/assay refuses the account or its password (28P01).',
      mend: 'Set the account and the password that DATABASE_URL names.',
    });
    expect(codedFailure(failing('ECONNREFUSED'), 'db:5432/assay')).toMatchObject({
      message: 'Postgres at db:5432/assay does not answer (ECONNREFUSED).',
    });
  });

  it('names no account', () => {
    expect(String(codedFailure(failing('28P01'), 'db:5432/assay'))).not.toContain('"assay"');
  });
});
