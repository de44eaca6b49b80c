import type { z } from 'zod';

import type { Reply } from './exchange.js';

/** A refusal on its way to the client; the listener turns it into its reply, anything else into a 500. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('refused');
    this.name = 'Refusal';
    this.reply = reply;
  }
}

type TypedError =
  | 'LangfuseNotFoundError'
  | 'InvalidRequestError'
  | 'LangfuseConflictError'
  | 'MethodNotAllowedError';

function typed(status: number, error: TypedError, message: string): Refusal {
  return new Refusal({ status, json: { message, error } });
}

export const notFound = (message: string): Refusal => typed(404, 'LangfuseNotFoundError', message);
export const badRequest = (message: string): Refusal => typed(400, 'InvalidRequestError', message);
export const conflict = (message: string): Refusal => typed(409, 'LangfuseConflictError', message);
export const methodNotAllowed = (): Refusal =>
  typed(405, 'MethodNotAllowedError', 'Method not allowed');

export type Issue = Pick<z.core.$ZodIssue, 'message' | 'path'> & { readonly code?: string };

/** The validation answer: the issues in zod's own shape. */
export function invalidData(issues: readonly Issue[]): Refusal {
  return new Refusal({ status: 400, json: { message: 'Invalid request data', error: issues } });
}

export function invalidField(path: readonly string[], message: string): Refusal {
  return invalidData([{ code: 'custom', path: [...path], message }]);
}
