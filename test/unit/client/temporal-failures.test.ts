import { describe, expect, it } from '@jest/globals';
import { NamespaceNotFoundError } from '@temporalio/common';

import { temporalUnreachable } from '../../../src/client/temporal-failures.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';

const grpc = (code: number, details: string): Error =>
  Object.assign(new Error(`${code} ${details}`), { code, details });

const seen = (error: unknown): { code: string; message: string; mend: string } => {
  const failure = temporalUnreachable(error);
  if (!AssayError.is(failure)) throw new Error('It has no code of ours.');
  return { code: failure.code, message: failure.message, mend: failure.mend ?? '' };
};

describe('a failed call to Temporal', () => {
  it('names the variable of a namespace that the server does not have, also inside of another error', () => {
    const missing = grpc(5, 'Namespace nope is not found.');
    const wrapped = new Error('Failed to describe', { cause: missing });
    for (const error of [missing, wrapped, new NamespaceNotFoundError('nope')]) {
      const { code, message, mend } = seen(error);
      expect(code).toBe('TEMPORAL_REFUSED');
      expect(message).toContain('namespace');
      expect(mend).toContain('TEMPORAL_NAMESPACE');
    }
  });

  it('names the search attribute that a namespace was not prepared with', () => {
    const { code, message, mend } = seen(
      grpc(3, 'Namespace a has no mapping defined for search attribute AssayProject'),
    );
    expect(code).toBe('TEMPORAL_REFUSED');
    expect(message).toContain('AssayProject');
    expect(mend).toContain('assay doctor');
    const defect = grpc(3, 'WorkflowId is not set on request.');
    expect(temporalUnreachable(defect)).toBe(defect);
  });

  it('says that something else answers at the address', () => {
    const { code, message, mend } = seen(grpc(12, 'Received HTTP status code 404'));
    expect(code).toBe('TEMPORAL_UNREACHABLE');
    expect(message).toContain('no Temporal server');
    expect(mend).toContain('TEMPORAL_ADDRESS');
  });

  it('tells a server that is away and one that refuses us apart', () => {
    expect(seen(grpc(14, 'no connection')).code).toBe('TEMPORAL_UNREACHABLE');
    expect(seen(grpc(4, 'deadline')).code).toBe('TEMPORAL_UNREACHABLE');
    expect(seen(grpc(7, 'Request unauthorized.')).code).toBe('TEMPORAL_REFUSED');
  });

  it('leaves an execution that is not found, and every foreign error, as they are', () => {
    const execution = grpc(5, 'workflow not found for ID: x');
    expect(temporalUnreachable(execution)).toBe(execution);
    const other = new Error('other');
    expect(temporalUnreachable(other)).toBe(other);
    expect(temporalUnreachable('text')).toBe('text');
  });
});
