import {
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  Scalar,
  stringify,
  visit,
  YAMLSeq,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';

import { isObject, jsonEqual, type Json, type JsonObject } from '../core/json/json.js';

/** A piece of the text that is put in the place of another. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** How YAML is printed that is new: long lines stay whole, and equal parts are written out, since they are equal by chance. */
export const yamlForm = { lineWidth: 0, aliasDuplicateObjects: false } as const;

/**
 * A text of YAML, changed to say another value: what is equal keeps its bytes, comments and all. Where pieces of the text cannot be
 * exchanged by themselves the document is printed anew, with its comments.
 *
 * @returns undefined where the text is no YAML that could be changed (aliases, several documents, problems).
 */
export function patchYaml(text: string, target: Json): string | undefined {
  const document = read(text);
  if (document === undefined) return undefined;
  if (says(document, target)) return text;
  const edits: Edit[] = [];
  const work = { text, document, edits };
  if (document.contents !== null && edited(document.contents, target, work)) {
    const spliced = splice(text, edits);
    if (holds(spliced, target)) return spliced;
  }
  return printedAnew(document, target);
}

const versioned = { version: '1.2', prettyErrors: false } as const;

function read(text: string): Document.Parsed | undefined {
  try {
    const document = parseDocument(text, versioned);
    return document.errors.length > 0 || isShared(document) ? undefined : document;
  } catch {
    return undefined;
  }
}

/** Whether parts of it stand for each other: what is changed in one place would change elsewhere. */
function isShared(document: Document): boolean {
  let shared = false;
  visit(document, {
    Alias: () => {
      shared = true;
      return visit.BREAK;
    },
  });
  return shared;
}

/** An empty document says nothing, as an empty object does. */
const says = (document: Document, target: Json): boolean =>
  jsonEqual((document.toJS() ?? {}) as Json, target);

function holds(text: string, target: Json): boolean {
  const document = read(text);
  return document !== undefined && says(document, target);
}

function splice(text: string, edits: readonly Edit[]): string {
  let result = text;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  for (const { from, to, text: now } of [...edits].sort((a, b) => b.from - a.from)) {
    result = result.slice(0, from) + now.replaceAll(/\r?\n/g, newline) + result.slice(to);
  }
  return result;
}

interface Work {
  readonly text: string;
  readonly document: Document;
  readonly edits: Edit[];
}

/** Gathers the edits that make a node say another value; false where it must be replaced as a whole. */
function edited(node: Node, target: Json, work: Work): boolean {
  if (jsonEqual(valueOf(node, work), target)) return true;
  if (isMap(node) && isObject(target)) return editedMap(node, target, work);
  if (isSeq(node) && Array.isArray(target)) return editedList(node, target as Json[], work);
  if (!isScalar(node) || (typeof target === 'object' && target !== null)) return false;
  const { type, range } = node;
  if (range === null || range === undefined) return false;
  if (type !== 'PLAIN' && type !== 'QUOTE_DOUBLE' && type !== 'QUOTE_SINGLE') return false;
  if (typeof target === 'string' && target.includes('\n')) return false;
  const printed = new Scalar(target);
  if (typeof target === 'string') printed.type = type;
  const text = stringify(printed, yamlForm).trimEnd();
  if (text.includes('\n')) return false;
  work.edits.push({ from: range[0], to: range[1], text });
  return true;
}

const valueOf = (node: Node, { document }: Work): Json => node.toJS(document) as Json;

function editedMap(map: YAMLMap, target: JsonObject, work: Work): boolean {
  const block = map.flow !== true;
  const pairs = map.items as readonly Pair<Node, Node | null>[];
  const seen = new Set<string>();
  const own: Edit[] = [];
  for (const pair of pairs) {
    const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
    if (key === undefined) return false;
    seen.add(key);
    const wanted = Object.hasOwn(target, key) ? target[key] : undefined;
    if (wanted === undefined) {
      // An empty map cannot stand as a block.
      if (!block || !Object.keys(target).some((each) => Object.hasOwn(target, each))) return false;
      const place = linesOf(pair, work);
      if (place === undefined) return false;
      own.push({ ...place, text: '' });
      continue;
    }
    const before = work.edits.length;
    if (pair.value !== null && edited(pair.value, wanted, work)) continue;
    work.edits.length = before;
    const from = pair.key.range?.[0];
    const to = endOf(pair, work.text);
    if (from === undefined || to === undefined || !block) return false;
    own.push({ from, to, text: printedPair(key, wanted, columnOf(from, work.text)) });
  }
  const added = Object.entries(target).filter(([key]) => !seen.has(key));
  if (added.length > 0) {
    const last = pairs.at(-1);
    const [from, end] = [pairs[0]?.key.range?.[0], last && endOf(last, work.text)];
    if (!block || from === undefined || end === undefined) return false;
    const at = endOfLine(work.text, end);
    const column = columnOf(from, work.text);
    const text = added
      .map(([key, value]) => `\n${' '.repeat(column)}` + printedPair(key, value, column))
      .join('');
    own.push({ from: at, to: at, text });
  }
  work.edits.push(...own);
  return true;
}

function editedList(list: YAMLSeq, target: readonly Json[], work: Work): boolean {
  const items = list.items as readonly Node[];
  if (items.length === target.length && target.length > 0) {
    return items.every((item, index) => edited(item, target[index] ?? null, work));
  }
  const { range, flow } = list;
  if (flow !== true || range === null || range === undefined) return false;
  const source = work.text.slice(range[0], range[1]);
  if (source.includes('\n') || source.includes('#')) return false;
  const printed = new YAMLSeq();
  printed.flow = true;
  // Those that stay keep their quotes.
  const known = [...items];
  for (const value of target) {
    const at = known.findIndex((item) => jsonEqual(valueOf(item, work), value));
    printed.items.push(at === -1 ? work.document.createNode(value) : known.splice(at, 1)[0]);
  }
  const padded = /^\[\s/.test(source);
  const text = stringify(printed, { ...yamlForm, flowCollectionPadding: padded }).trimEnd();
  work.edits.push({ from: range[0], to: range[1], text });
  return true;
}

/** `key: value`, as it stands in a block at a column. */
function printedPair(key: string, value: Json, column: number): string {
  return stringify({ [key]: value }, yamlForm)
    .trimEnd()
    .replaceAll('\n', `\n${' '.repeat(column)}`)
    .replaceAll(/^ +$/gm, '');
}

/** Where a pair is over, without comments behind it. */
function endOf({ key, value }: Pair<Node, Node | null>, text: string): number | undefined {
  const end = value === null ? key.range?.[1] : lastOf(value);
  if (end === undefined) return undefined;
  return end - (/\s*$/.exec(text.slice(0, end))?.[0].length ?? 0);
}

function lastOf(node: Node): number | undefined {
  const last = isMap(node) || isSeq(node) ? node.items.at(-1) : undefined;
  if (
    last === undefined ||
    (isMap(node) && node.flow === true) ||
    (isSeq(node) && node.flow === true)
  ) {
    return node.range?.[1];
  }
  const inner = isMap(node)
    ? ((last as Pair<Node, Node | null>).value ?? (last as Pair<Node>).key)
    : last;
  return lastOf(inner as Node);
}

const endOfLine = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  if (end === -1) return text.length;
  return text[end - 1] === '\r' ? end - 1 : end;
};

/** The lines on which a pair stands; undefined where something else stands on its first. */
function linesOf(
  pair: Pair<Node, Node | null>,
  { text }: Work,
): { readonly from: number; readonly to: number } | undefined {
  const start = pair.key.range?.[0];
  const end = endOf(pair, text);
  if (start === undefined || end === undefined) return undefined;
  const from = text.lastIndexOf('\n', start - 1) + 1;
  if (text.slice(from, start).trim() !== '') return undefined;
  const newline = text.indexOf('\n', end);
  return { from, to: newline === -1 ? text.length : newline + 1 };
}

const columnOf = (at: number, text: string): number => at - (text.lastIndexOf('\n', at - 1) + 1);

/** The document with its comments; what did not change keeps its form, not its spaces. */
function printedAnew(document: Document.Parsed, target: Json): string | undefined {
  const { contents } = document;
  if (isMap(contents) && isObject(target)) put(document, contents, target);
  else document.contents = document.createNode(target) as never;
  const text = document.toString({ ...yamlForm, flowCollectionPadding: false });
  return holds(text, target) ? text : undefined;
}

function put(document: Document, map: YAMLMap, target: JsonObject): void {
  for (const key of Object.keys(map.toJS(document) as JsonObject)) {
    if (!Object.hasOwn(target, key)) map.delete(key);
  }
  for (const [key, value] of Object.entries(target)) {
    const node = map.get(key, true) as Node | undefined;
    if (node !== undefined && jsonEqual(node.toJS(document) as Json, value)) continue;
    if (isMap(node) && isObject(value)) put(document, node, value);
    else if (isScalar(node) && (typeof value !== 'object' || value === null)) node.value = value;
    else map.set(key, document.createNode(value));
  }
}
