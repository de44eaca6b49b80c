import type { Half, Reply } from './exchange.js';

/** A refusal on its way to the client; the listener turns it into its reply, anything else into a 500. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(JSON.stringify(reply.json));
    this.name = 'Refusal';
    this.reply = reply;
  }
}

export function refusal(status: number, message: string, half: Half = 'api'): Refusal {
  const json = half === 'api' ? { detail: message } : { error: message };
  return new Refusal({ status, json });
}

export const notFound = (message: string, half?: Half): Refusal => refusal(404, message, half);
export const conflict = (message: string, half?: Half): Refusal => refusal(409, message, half);
export const unprocessable = (message: string, half?: Half): Refusal => refusal(422, message, half);

/** One problem of a body or query, in the validator's own shape. */
export interface Problem {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type?: string;
}

export function invalid(problems: readonly Problem[]): Refusal {
  const detail = problems.map((problem) => ({ type: 'value_error', ...problem }));
  return new Refusal({ status: 422, json: { detail } });
}
