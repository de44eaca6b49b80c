import { isObject, jsonEqual, type Json } from '../../core/json/json.js';

/** How a text writes JSON, so that what is new in it looks like the rest. */
export interface JsonStyle {
  /** One level of indentation; undefined where values stand on one line. */
  readonly indent: string | undefined;
  readonly newline: string;
  /** Between a key and its value. */
  readonly colon: string;
  /** Between the members of one line. */
  readonly comma: string;
}

/** The style of a text, by its first line breaks and its first member. */
export function jsonStyleOf(text: string): JsonStyle {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1];
  const colon = /"\s*:(\s*)/.exec(text)?.[1];
  const comma = /["\d\]}el],([ ]*)["[{\d]/.exec(text)?.[1];
  const wide = colon === undefined || /^\s/.test(colon);
  return {
    indent,
    newline: text.includes('\r\n') ? '\r\n' : '\n',
    colon: `:${colon === undefined || colon.includes('\n') ? ' ' : colon}`,
    comma: `,${comma ?? (wide ? ' ' : '')}`,
  };
}

/** A value as JSON of that style. @param base the indentation of the line on which it begins. */
export function printJson(value: Json, style: JsonStyle, base = ''): string {
  if (style.indent === undefined) return compact(value, style);
  return JSON.stringify(value, undefined, style.indent).replaceAll('\n', `${style.newline}${base}`);
}

function compact(value: Json, style: JsonStyle): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map((each) => compact(each, style)).join(style.comma)}]`;
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}${style.colon}${compact(member, style)}`,
  );
  return `{${members.join(style.comma)}}`;
}

/**
 * The text of a JSON value, changed to say another value: members that are equal keep their bytes and their places, new ones
 * follow as the others are written.
 *
 * @param text valid JSON, white space around it is kept.
 */
export function patchJson(text: string, target: Json, style: JsonStyle): string {
  const from = skipSpace(text, 0);
  const to = endOfValue(text, from);
  return (
    text.slice(0, from) +
    patchedValue(text.slice(from, to), target, { style, base: '' }) +
    text.slice(to)
  );
}

interface Place {
  readonly style: JsonStyle;
  /** The indentation of the line on which the value begins. */
  readonly base: string;
}

function patchedValue(text: string, target: Json, { style, base }: Place): string {
  const old = JSON.parse(text) as Json;
  if (jsonEqual(old, target)) return text;
  const parts = partsOf(text);
  if (parts === undefined || parts.members.length === 0) return printJson(target, style, base);
  const inner = indentationOf(parts.open) ?? base;
  // What stands on one line stays there.
  const own = parts.open.includes('\n') ? style : { ...style, indent: undefined };
  if (isObject(old) && isObject(target)) {
    const keys = parts.members.map(({ key }) => key);
    if (new Set(keys).size < keys.length) return printJson(target, own, base);
    const kept = parts.members.flatMap((member): Part[] => {
      const value = Object.hasOwn(target, member.key) ? target[member.key] : undefined;
      if (value === undefined) return [];
      return [
        {
          ...member,
          text: member.head + patchedValue(member.text, value, { style: own, base: inner }),
        },
      ];
    });
    const { head = '' } = parts.members[0] ?? {};
    const colon = head.slice(endOfValue(head, 0));
    const added = Object.entries(target)
      .filter(([key]) => !keys.includes(key))
      .map(([key, value]): Part => ({
        text: `${JSON.stringify(key)}${colon}${printJson(value, own, inner)}`,
      }));
    return joined(parts, [...kept, ...added], style);
  }
  if (isList(old) && isList(target)) {
    return joined(parts, patchedElements(parts.members, { old, target, own, inner }), style);
  }
  return printJson(target, own, base);
}

/** Elements that stand at the beginning and at the end of both lists are the same ones; those between are paired in order. */
function patchedElements(
  members: readonly Member[],
  of: {
    readonly old: readonly Json[];
    readonly target: readonly Json[];
    readonly own: JsonStyle;
    readonly inner: string;
  },
): readonly Part[] {
  const { old, target, own, inner } = of;
  const most = Math.min(old.length, target.length);
  const same = (a: number, b: number): boolean => jsonEqual(old[a] ?? null, target[b] ?? null);
  let head = 0;
  while (head < most && same(head, head)) head += 1;
  let tail = 0;
  while (tail < most - head && same(old.length - 1 - tail, target.length - 1 - tail)) tail += 1;
  return target.map((value, index): Part => {
    const isTail = index >= target.length - tail;
    const at = isTail ? index - target.length + old.length : index;
    const member = isTail || index < old.length - tail ? members[at] : undefined;
    if (member === undefined) return { text: printJson(value, own, inner) };
    return { ...member, text: patchedValue(member.text, value, { style: own, base: inner }) };
  });
}

/** Something between two commas; what is new has no gap of its own. */
interface Part {
  readonly text: string;
  /** From the end of the part before it: white space and the comma. */
  readonly gap?: string;
}

interface Member extends Part {
  readonly key: string;
  /** The key, the colon and the white space before the value; empty in lists. */
  readonly head: string;
}

interface Parts {
  readonly bracket: string;
  readonly open: string;
  readonly members: readonly Member[];
  readonly close: string;
  readonly end: string;
}

function joined(parts: Parts, now: readonly Part[], style: JsonStyle): string {
  const { bracket, open, members, close, end } = parts;
  if (now.length === 0) return bracket + end;
  const usual = members.find(({ gap }) => gap !== undefined)?.gap ?? usualGap(open, style);
  const text = now.map((part, index) => (index === 0 ? '' : (part.gap ?? usual)) + part.text);
  return bracket + open + text.join('') + close + end;
}

const usualGap = (open: string, { comma }: JsonStyle): string =>
  open.includes('\n') ? `,${open}` : comma;

/** The parts of a list or an object; undefined for all else. */
function partsOf(text: string): Parts | undefined {
  const bracket = text[0];
  if (bracket !== '{' && bracket !== '[') return undefined;
  const members: Member[] = [];
  let at = skipSpace(text, 1);
  let last = 1;
  const open = text.slice(1, at);
  while (at < text.length - 1) {
    const from = at;
    const valueFrom =
      bracket === '{' ? skipSpace(text, skipSpace(text, endOfValue(text, from)) + 1) : from;
    const to = endOfValue(text, valueFrom);
    members.push({
      key: bracket === '{' ? (JSON.parse(text.slice(from, endOfValue(text, from))) as string) : '',
      head: text.slice(from, valueFrom),
      text: text.slice(valueFrom, to),
      ...(members.length === 0 ? {} : { gap: text.slice(last, from) }),
    });
    last = to;
    at = skipSpace(text, to);
    if (text[at] !== ',') break;
    at = skipSpace(text, at + 1);
  }
  return {
    bracket,
    open,
    members,
    close: members.length === 0 ? '' : text.slice(last, -1),
    end: text.slice(-1),
  };
}

/**
 * A list or an object with its members changed one by one; those that stay as they are keep their bytes. It is not parsed as a
 * whole.
 *
 * @param on.keep the text of a member's value as it is to stand; undefined where the member goes.
 * @param on.added the texts of new members, with their keys; given the indentation of the others.
 * @returns undefined where the text is neither.
 */
export function rewriteMembers(
  text: string,
  on: {
    readonly keep: (member: { readonly key: string; readonly text: string }) => string | undefined;
    readonly added: (base: string, list: boolean) => readonly string[];
  },
  style: JsonStyle,
): string | undefined {
  const parts = partsOf(text);
  if (parts === undefined) return undefined;
  const kept = parts.members.flatMap((member): Part[] => {
    const value = on.keep(member);
    return value === undefined ? [] : [{ ...member, text: member.head + value }];
  });
  const isEmpty = parts.members.length === 0 && style.indent !== undefined;
  const open = isEmpty ? style.newline + style.indent : parts.open;
  const close = isEmpty ? style.newline : parts.close;
  const added = on.added(indentationOf(open) ?? '', parts.bracket === '[');
  const now = [...kept, ...added.map((each): Part => ({ text: each }))];
  return joined({ ...parts, open, close }, now, style);
}

export function skipSpace(text: string, at: number): number {
  let next = at;
  while (next < text.length && ' \n\r\t'.includes(text[next] ?? '')) next += 1;
  return next;
}

/** Where the value that begins at `at` is over. */
function endOfValue(text: string, at: number): number {
  let depth = 0;
  for (let next = at; next < text.length; next += 1) {
    const character = text[next];
    if (character === '"') {
      next = endOfText(text, next);
      if (depth === 0) return next + 1;
    } else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      if (depth === 0) return next;
      depth -= 1;
      if (depth === 0) return next + 1;
    } else if (depth === 0 && ', \n\r\t:'.includes(character ?? '')) return next;
  }
  return text.length;
}

/** The closing quote. */
function endOfText(text: string, quote: number): number {
  let next = quote + 1;
  while (next < text.length && text[next] !== '"') next += text[next] === '\\' ? 2 : 1;
  return next;
}

/** The white space after the last line break; undefined where there is none. */
const indentationOf = (space: string): string | undefined => /\n([ \t]*)$/.exec(space)?.[1];

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
