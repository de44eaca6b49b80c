import { AssayError } from '../core/errors/assay-error.js';

/** The process environment, handed in so that tests need not change the real one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The value behind `env:NAME`, read at the call. A text that is no reference is returned as it is.
 *
 * @throws AssayError ENVIRONMENT_INVALID naming the variable, never a value.
 */
export function resolveSecret(reference: string, environment: Environment): string {
  if (!reference.startsWith('env:')) return reference;
  const name = reference.slice(4);
  const value = environment[name];
  if (value === undefined || value === '') {
    throw new AssayError('ENVIRONMENT_INVALID', `The variable ${name} is not set.`, {
      problems: [{ at: name, message: 'is not set', mend: `Set ${name} for the worker.` }],
    });
  }
  return value;
}
