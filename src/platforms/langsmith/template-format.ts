import { AssayError } from '../../core/errors/assay-error.js';

/** Turns an f-string into a `{{mustache}}` template, or says why it cannot be. */
export type FStringReader = (
  text: string,
) => { readonly text: string } | { readonly problems: readonly string[] };

/**
 * A template's text as `{{mustache}}`.
 * @throws AssayError PROMPT_INVALID where it cannot be one.
 */
export function mustacheOf(
  template: { readonly text: string; readonly format: string },
  on: { readonly name: string; readonly fStrings: FStringReader | undefined },
): string {
  const { text, format } = template;
  if (format === 'mustache') return text;
  const read = format === 'f-string' ? on.fStrings?.(text) : undefined;
  if (read !== undefined && 'text' in read) return read.text;
  throw new AssayError(
    'PROMPT_INVALID',
    `The prompt ${JSON.stringify(on.name)} on LangSmith is a template (${format}) that cannot be read as {{mustache}}.`,
    {
      ...(read === undefined
        ? {}
        : { problems: read.problems.map((message) => ({ at: 'template', message })) }),
      mend: 'Change its template format to mustache there.',
    },
  );
}
