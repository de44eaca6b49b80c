import { transform, type TransformFailure } from 'esbuild';

/** Where a JSON text stops being JSON: 1-based line and column. */
export interface JsonErrorPlace {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * Finds the place of the first error. V8 gives a position for some errors only, so a second parser that keeps
 * lines and columns reads the text again; it runs for broken files alone.
 */
export async function locateJsonError(text: string, error: unknown): Promise<JsonErrorPlace> {
  const failure = await transform(text, { loader: 'json', logLevel: 'silent' }).then(
    () => undefined,
    (reason: unknown) => reason as TransformFailure,
  );
  const first = failure?.errors[0];
  if (first?.location) {
    const { line, column, lineText } = first.location;
    // The parser counts UTF-8 bytes; people and editors count characters.
    const before = Buffer.from(lineText).subarray(0, column).toString('utf8');
    return { line, column: before.length + 1, message: first.text };
  }
  const message = error instanceof Error ? error.message : String(error);
  const at = /position (\d+)/.exec(message)?.[1];
  const upTo = text.slice(0, at === undefined ? text.length : Number(at)).split('\n');
  return { line: upTo.length, column: (upTo.at(-1)?.length ?? 0) + 1, message };
}
