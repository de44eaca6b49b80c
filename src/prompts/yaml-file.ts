import { isMap, isNode, isScalar, LineCounter, parseDocument, Scalar, type Document } from 'yaml';
import type { z } from 'zod';

import { plainIssues } from '../contracts/schema-problems.js';
import type { Problem } from '../core/errors/assay-error.js';
import type { TextStart } from './text-places.js';

/** Aliases that are resolved at most: a bomb of nine lines is a billion nodes without a bound. */
const maxAliases = 50;

/** Where things of a YAML file stand. */
export interface YamlPlaces {
  /** As `file:line:column`, of the innermost thing on a path that is there. */
  at(path: readonly PropertyKey[]): string;
  /** Of a text. */
  start(path: readonly PropertyKey[]): TextStart | undefined;
}

/**
 * Reads YAML of a file and checks it. What is wrong goes to `problems`, each at `file:line:column`.
 *
 * @param of.places told where things stand, once it can be used.
 * @returns undefined where it cannot be used.
 */
export function readYaml<T extends z.ZodType>(
  text: string,
  of: {
    readonly file: string;
    readonly schema: T;
    readonly problems: Problem[];
    readonly places?: (places: YamlPlaces) => void;
  },
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
  if (parsed.success) {
    of.places?.({
      at: (path) => at(offsetOf(document, path)),
      start: (path) => startOf(document.getIn(path, true), { text, lines }),
    });
    return parsed.data;
  }
  for (const { path, message } of plainIssues(parsed.error.issues)) {
    const where = path.map(String).join('.');
    const key = unknownKey(document, { path, message });
    problems.push({
      at: at(key ?? offsetOf(document, path)),
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

/** Where the first key stands that a complaint about unknown keys names. */
function unknownKey(
  document: Document,
  { path, message }: { readonly path: readonly PropertyKey[]; readonly message: string },
): number | undefined {
  const name = / not known here$/.test(message) ? /^"([^"]*)"/.exec(message)?.[1] : undefined;
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  if (name === undefined || !isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && key.value === name);
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}

function startOf(
  node: unknown,
  { text, lines }: { readonly text: string; readonly lines: LineCounter },
): TextStart | undefined {
  if (!isScalar(node) || node.range === undefined || node.range === null) return undefined;
  const [offset] = node.range;
  const { line, col } = lines.linePos(offset);
  if (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED) {
    const begin = text.indexOf('\n', offset) + 1;
    const indent = /^(?:[ \t]*\r?\n)*( *)/.exec(text.slice(begin))?.[1]?.length ?? 0;
    // Folded lines are joined, so that only the first one is known.
    const isLiteral = node.type === Scalar.BLOCK_LITERAL;
    return { line: line + 1, column: indent + 1, indent: isLiteral ? indent : undefined };
  }
  const quote = node.type === Scalar.PLAIN ? 0 : 1;
  return { line, column: col + quote, indent: undefined };
}
