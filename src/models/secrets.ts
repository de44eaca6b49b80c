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
  // Own members only: a variable that is called like a method of every object is not set.
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value === undefined || value === '') {
    throw new AssayError('ENVIRONMENT_INVALID', `The variable ${name} is not set.`, {
      problems: [{ at: name, message: 'is not set', mend: `Set ${name} for the worker.` }],
    });
  }
  return value;
}

/**
 * A text of another server without the secrets that were sent to it: gateways repeat the key that they refuse, and errors
 * are stored and shown.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return (
    secrets
      // A header may hold `Bearer KEY`, of which the key alone comes back. Short parts would eat words.
      .flatMap((secret) => [secret, ...secret.split(/\s+/)])
      .filter((part) => part.length >= 8)
      .reduce((clean, part) => clean.replaceAll(part, '[secret]'), text)
  );
}
