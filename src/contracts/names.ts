import { z } from 'zod';

import { isVerdictScore, verdictScoreName } from '../core/gate/verdict-name.js';

// Control characters, bidi overrides and line separators: a name is shown in terminals, tables and URLs.
// eslint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const markup = /[<>"'`&]/u;

const safeText = (what: string, max: number): z.ZodString =>
  z
    .string()
    .min(1, `${what} is empty`)
    .max(max, `${what} is longer than ${max} characters`)
    .refine((text) => text.isWellFormed(), `${what} holds half a surrogate pair`)
    .refine((text) => !unprintable.test(text), `${what} holds control characters`)
    .refine((text) => text.trim() === text, `${what} begins or ends with white space`);

/** A project: lower-case letters, digits and dashes, at most 63; it is part of ids and queue names. */
export const projectIdSchema = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'a project is 1 to 63 lower-case letters, digits and inner dashes',
  );

/** The name of a target, evaluator, model or dataset folder: it is a folder name and part of URLs. */
export const resourceNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
    'a name is 1 to 100 letters, digits, ".", "_" and "-", beginning with a letter or digit',
  )
  .refine((name) => !name.includes('..'), 'a name holds no ".."')
  // Names are keys of plain objects: `constructor` would be found in every config.
  .refine((name) => !(name in Object.prototype), 'the name is reserved by JavaScript');

/** The name of an evaluator of a config. */
export const evaluatorNameSchema = resourceNameSchema.refine(
  (name) => !isVerdictScore(name),
  `"${verdictScoreName}" and names that begin with "${verdictScoreName}." are those of a gate's verdict: choose another`,
);

/** The name of an experiment: any printable text without markup and path characters. */
export const experimentNameSchema = safeText('the name', 200)
  .refine((name) => !/[\\/]/u.test(name), 'the name holds a path character (/ or \\)')
  .refine((name) => name !== '.' && name !== '..', 'the name is a path')
  .refine((name) => !markup.test(name), 'the name holds markup (one of < > " \' ` &)');

/** The id of a dataset item. */
export const itemIdSchema = safeText('the id', 200);
