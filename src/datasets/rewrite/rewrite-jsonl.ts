import type { TextSink } from '../write-dataset.js';
import { newElement, patchElement, readElement } from './item-text.js';
import { jsonStyleOf, type JsonStyle } from './json-text.js';
import { lineEnd, markOf, rawLines } from './raw-lines.js';
import type { WantedItems } from './wanted-items.js';

/** `test_cases.jsonl`, with the bytes of all lines that did not change. @throws NotRewritable */
export async function rewriteJsonl(file: string, wanted: WantedItems, sink: TextSink) {
  await sink.write(await markOf(file));
  let style: JsonStyle | undefined;
  let end = '';
  let open = false as boolean;
  const write = async (line: string): Promise<void> => {
    open = lineEnd(line) === '';
    await sink.write(line);
  };
  for await (const line of rawLines(file, { quoted: false })) {
    const ending = lineEnd(line);
    if (end === '') end = ending;
    const text = line.slice(0, line.length - ending.length);
    if (text.trim() === '') {
      await write(line);
      continue;
    }
    style ??= { ...jsonStyleOf(text), indent: undefined };
    const element = readElement(text);
    const found = await wanted.take(element.item);
    if (found === undefined) continue;
    if (found.fields.length === 0) await write(line);
    else {
      const of = { wanted: found, expected: true, style };
      await write(patchElement(text, element, of) + ending);
    }
  }
  style ??= { indent: undefined, newline: '\n', colon: ':', comma: ',' };
  for await (const item of wanted.rest()) {
    if (open) await write(end || '\n');
    await write(newElement(item, { expected: true, style }) + (end || '\n'));
  }
}
