import type { z } from 'zod';

import type { Problem } from '../core/errors/assay-error.js';

type Issue = z.core.$ZodIssue;

/** What is wrong at one place of an input, in words for whoever wrote it. */
export interface PlainIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Which of the known words may have been meant by what stands at a path of the input. */
export type MeantWords = (
  path: readonly PropertyKey[],
  known: readonly string[],
) => readonly string[];

const nobodyKnows: MeantWords = () => [];

/**
 * All that a schema complains of, as problems of an error.
 *
 * @param error - of a `safeParse`.
 * @param whole - where a problem is that is about the input as a whole, such as `spec`.
 * @param meant - of what stands at a path where one of some words must: those that may have been meant.
 */
export function schemaProblems(
  error: { readonly issues: readonly Issue[] },
  whole: string,
  meant?: MeantWords,
): Problem[] {
  return plainIssues(error.issues, meant).map(({ path, message }) => ({
    at: path.map(String).join('.') || whole,
    message,
  }));
}

/**
 * The issues of a schema in plain words. The library's own are about its types ("Too small: expected number to be >0", and
 * "Invalid input" for whatever has two forms); what a schema of ours says itself is kept.
 */
export function plainIssues(
  issues: readonly Issue[],
  meant: MeantWords = nobodyKnows,
): PlainIssue[] {
  return issues.flatMap((issue) => {
    if (!isDefault(issue.message)) return [issue];
    if (issue.code === 'invalid_union') return unionIssues(issue, meant);
    if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
      return [{ path: issue.path, message: sentence(issue.issues) }];
    }
    const words = issue.code === 'invalid_value' ? didYouMean(issue.path, issue.values, meant) : '';
    return [{ path: issue.path, message: `${plainMessage(issue)}${words}` }];
  });
}

function didYouMean(
  path: readonly PropertyKey[],
  known: readonly unknown[],
  meant: MeantWords,
): string {
  const near = meant(
    path,
    known.filter((each) => typeof each === 'string'),
  );
  return near.length === 0
    ? ''
    : `; did you mean ${near.map((word) => JSON.stringify(word)).join(' or ')}?`;
}

const isDefault = (message: string): boolean =>
  /^(?:Invalid\b|Too (?:small|big)|Unrecognized key)/.test(message);

const sentence = (issues: readonly Issue[]): string =>
  plainIssues(issues)
    .map(({ message }) => message)
    .join('; ');

/** The form that the input comes closest to is what its writer meant: its complaints are told, not those of the others. */
function unionIssues(
  issue: Issue & { readonly code: 'invalid_union' },
  meant: MeantWords,
): PlainIssue[] {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
  if (options.length > 0) {
    const words = didYouMean(issue.path, options, meant);
    return [{ path: issue.path, message: `${oneOf(options)}${words}` }];
  }
  const forms = issue.errors.filter((form) => !form.some(isOfAnotherKind));
  const [closest] = forms.toSorted((one, other) => one.length - other.length);
  if (closest === undefined) {
    const kinds = issue.errors.flatMap((form) => form.filter(isOfAnotherKind).map(kindOf));
    return [{ path: issue.path, message: `must be ${[...new Set(kinds)].join(' or ')}` }];
  }
  const inside: MeantWords = (path, known) => meant([...issue.path, ...path], known);
  return plainIssues(closest, inside).map(({ path, message }) => ({
    path: [...issue.path, ...path],
    message,
  }));
}

/** Whether the input as a whole is no input of this form at all. */
const isOfAnotherKind = (issue: Issue): boolean =>
  issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');

const kindOf = (issue: Issue): string => {
  if (issue.code === 'invalid_type') return kinds[issue.expected] ?? issue.expected;
  return issue.code === 'invalid_value' ? listed(issue.values) : issue.message;
};

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function plainMessage(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return /received undefined$/.test(issue.message)
        ? 'is missing'
        : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return oneOf(issue.values);
    case 'too_small':
      return limitMessage(
        issue,
        issue.inclusive === false ? 'more than' : 'at least',
        issue.minimum,
      );
    case 'too_big':
      return limitMessage(
        issue,
        issue.inclusive === false ? 'less than' : 'at most',
        issue.maximum,
      );
    case 'unrecognized_keys':
      return `${listed(issue.keys)} ${issue.keys.length === 1 ? 'is' : 'are'} not known here`;
    case 'invalid_format':
      return issue.format === 'regex'
        ? `must match ${issue.pattern ?? 'its pattern'}`
        : `is no ${formats[issue.format] ?? issue.format}`;
    default:
      return issue.message;
  }
}

const formats: Readonly<Record<string, string>> = {
  url: 'URL',
  email: 'address of a mailbox',
  uuid: 'UUID',
  datetime: 'moment in ISO 8601',
};

function limitMessage(
  { origin }: { readonly origin: string },
  relation: string,
  limit: number | bigint,
): string {
  const unit = units[origin];
  if (unit === undefined) return `must be ${relation} ${limit}`;
  if (relation === 'at least' && Number(limit) === 1) return 'must not be empty';
  return `must have ${relation} ${limit} ${Number(limit) === 1 ? unit.one : unit.many}`;
}

/** Of what has a length; a number has none. */
const entries = { one: 'entry', many: 'entries' };
const units: Readonly<Record<string, { readonly one: string; readonly many: string }>> = {
  string: { one: 'character', many: 'characters' },
  array: entries,
  set: entries,
  map: entries,
};

const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? `must be ${listed(values)}` : `must be one of ${listed(values)}`;

const listed = (values: readonly unknown[]): string =>
  values
    .map((value) => (typeof value === 'string' ? JSON.stringify(value) : String(value)))
    .join(', ');
