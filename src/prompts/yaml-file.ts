import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';

import { plainIssues } from '../contracts/schema-problems.js';
import type { Problem } from '../core/errors/assay-error.js';

/** Aliases that are resolved at most: a bomb of nine lines is a billion nodes without a bound. */
const maxAliases = 50;

/**
 * Reads YAML of a file and checks it. What is wrong goes to `problems`, each at `file:line:column`.
 *
 * @returns undefined where it cannot be used.
 */
export function readYaml<T extends z.ZodType>(
  text: string,
  of: { readonly file: string; readonly schema: T; readonly problems: Problem[] },
): z.output<T> | undefined {
  const { file, schema, problems } = of;
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  let document: Document;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  } catch (error) {
    problems.push({ at: `${file}:1:1`, message: `is not valid YAML: ${reason(error)}` });
    return undefined;
  }
  if (document.errors.length > 0) {
    for (const error of document.errors.slice(0, 20)) {
      problems.push({ at: at(error.pos[0]), message: `is not valid YAML: ${reason(error)}` });
    }
    return undefined;
  }
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    problems.push({
      at: at(firstAlias(text)),
      message: `is not valid YAML: ${reason(error)}`,
      mend: `Write it out: at most ${maxAliases} aliases are resolved.`,
    });
    return undefined;
  }
  const parsed = schema.safeParse(raw ?? {});
  if (parsed.success) return parsed.data;
  for (const { path, message } of plainIssues(parsed.error.issues)) {
    const where = path.map(String).join('.');
    problems.push({
      at: at(offsetOf(document, path)),
      message: where === '' ? message : `${where}: ${message}`,
    });
  }
  return undefined;
}

const reason = (error: unknown): string =>
  error instanceof RangeError
    ? 'it is nested too deeply'
    : ((error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '');

const firstAlias = (text: string): number => Math.max(0, text.search(/(?<=[\s[{,:-])\*[^\s,\]}]/));

/** Where the innermost thing on a path begins that the document has. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range !== undefined && node.range !== null) return node.range[0];
  }
  return 0;
}
