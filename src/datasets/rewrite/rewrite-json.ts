import { open } from 'node:fs/promises';

import { bytesOf } from '../byte-source.js';
import { elementsOf } from '../json-elements.js';
import { longestItem } from '../port.js';
import type { TextSink } from '../write-dataset.js';
import {
  rewriteExpectations,
  type ExpectationChanges,
  type ExpectationFile,
} from './expectations-text.js';
import { newElement, NotRewritable, patchElement, readElement } from './item-text.js';
import { jsonStyleOf, skipSpace, type JsonStyle } from './json-text.js';
import { markOf } from './raw-lines.js';
import type { WantedItem, WantedItems } from './wanted-items.js';

/**
 * `test_cases.json`, and `expected.json` where there is one, with the bytes of all elements that did not change.
 *
 * @throws NotRewritable
 */
export async function rewriteJson(
  file: string,
  wanted: WantedItems,
  to: { readonly cases: TextSink; readonly expected: ExpectationFile | undefined },
): Promise<void> {
  const { cases, expected } = to;
  const { head, tail } = await endsOf(file);
  await cases.write((await markOf(file)) + head);
  const changes: ExpectationChanges = { kept: new Set(), changed: new Map(), added: [] };
  const list = createList(cases);
  let style: JsonStyle | undefined;
  for await (const elements of elementsOf(bytesOf(file), longestItem)) {
    for (const { bytes } of elements) {
      if (bytes === undefined) throw new NotRewritable('an element is too long');
      const text = bytes.toString('utf8');
      style ??= jsonStyleOf(text);
      const element = readElement(text);
      const { id } = element.item;
      const held = expected?.held;
      const local =
        held?.has(id) === true ? { ...element.item, expected: held.get(id) ?? null } : element.item;
      const found = await wanted.take(local);
      if (found === undefined) list.drop(text);
      else {
        // Where it stands; else in the file for it, where there is one.
        const inline =
          expected === undefined || (!expected.held.has(id) && element.item.expected !== undefined);
        if (expected !== undefined) note(changes, found, { ...expected, inline });
        const own = { wanted: found, expected: inline, style };
        const differs = found.fields.some((field) => field !== 'expected' || inline);
        const patched = differs ? patchElement(text, element, own) : text;
        await list.add(patched, text);
      }
    }
  }
  style ??= { indent: '  ', newline: '\n', colon: ': ', comma: ', ' };
  for await (const item of wanted.rest()) {
    const base = list.indentation(style);
    await list.addNew(newElement(item, { expected: expected === undefined, style, base }), style);
    if (item.expected !== undefined) changes.added.push({ id: item.id, expected: item.expected });
  }
  await list.close(tail, style);
  if (expected !== undefined) await rewriteExpectations(expected, changes);
}

function note(
  changes: ExpectationChanges,
  { item, fields }: WantedItem,
  { held, inline }: ExpectationFile & { readonly inline: boolean },
): void {
  const { id, expected } = item;
  changes.kept.add(id);
  if (inline || !fields.includes('expected')) return;
  if (held.has(id)) changes.changed.set(id, expected);
  else if (expected !== undefined) changes.added.push({ id, expected });
}

/** Writes the elements of a list with the commas and the white space that the file has. */
function createList(sink: TextSink) {
  let written = 0;
  /** White space before the second element, or before the first. */
  let lead: string | undefined;
  let seen = 0;
  /** White space after the last element of the file. */
  let close = '';
  const look = (text: string): void => {
    if (seen < 2) lead = text.slice(0, skipSpace(text, 0));
    seen += 1;
    close = /\s*$/.exec(text)?.[0] ?? '';
  };
  const put = async (text: string): Promise<void> => {
    await sink.write((written === 0 ? '' : ',') + text);
    written += 1;
  };
  /** Held back: only the last element of the file has the white space that closes it. */
  let space = '';
  return {
    drop: look,
    async add(text: string, source: string): Promise<void> {
      look(source);
      if (written > 0) await sink.write(space);
      await put(text.trimEnd());
      space = close;
    },
    async addNew(text: string, style: JsonStyle): Promise<void> {
      lead ??= `${style.newline}${style.indent ?? ''}`;
      if (seen === 0) close = style.newline;
      await put(lead + text);
    },
    indentation: (style: JsonStyle): string =>
      lead === undefined ? (style.indent ?? '') : (/\n([ \t]*)$/.exec(lead)?.[1] ?? ''),
    async close(tail: string, style: JsonStyle): Promise<void> {
      await sink.write((written === 0 ? '' : close || (seen === 0 ? style.newline : '')) + tail);
    },
  };
}

const endBytes = 64 * 1024;

/** What stands before and after the elements: the brackets, and white space. @throws NotRewritable */
async function endsOf(file: string): Promise<{ readonly head: string; readonly tail: string }> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, endBytes);
    const first = await handle.read(Buffer.alloc(length), 0, length, 0);
    const last = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const head = /^(?:\ufeff)?(\s*\[)/.exec(first.buffer.toString('utf8'))?.[1];
    const tail = /\]\s*$/.exec(last.buffer.toString('latin1'))?.[0];
    if (head === undefined || tail === undefined) throw new NotRewritable('is no list');
    return { head, tail };
  } finally {
    await handle.close();
  }
}
