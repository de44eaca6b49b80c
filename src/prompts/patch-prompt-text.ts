import type { PromptBody } from '../contracts/prompt.js';
import { jsonEqual } from '../core/json/json.js';
import { parsePromptText, roleLine } from './prompt-text.js';

/** What stands between two role lines: what is said, and the white space around it. */
interface Section {
  /** With its line end; empty where the text begins without one. */
  readonly head: string;
  readonly before: string;
  readonly content: string;
  readonly after: string;
}

/**
 * The text of a `prompt.txt`, changed to say another body: messages that are equal keep their bytes, and all keep the lines around
 * them.
 *
 * @returns undefined where it cannot be said so.
 */
export function patchPromptText(text: string, body: PromptBody): string | undefined {
  if (jsonEqual(parsePromptText(text, body.kind), body)) return text;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const patched =
    body.kind === 'text'
      ? withContent(sectionOf('', text), body.text, newline)
      : patchedMessages(sectionsOf(text), body, newline);
  if (patched === undefined) return undefined;
  return jsonEqual(parsePromptText(patched, body.kind), body) ? patched : undefined;
}

function patchedMessages(
  sections: readonly Section[],
  { messages }: Extract<PromptBody, { kind: 'chat' }>,
  newline: string,
): string | undefined {
  const said = sections.filter(({ content }) => content !== '');
  // Of empty ones nobody knows what they are for.
  if (said.length < sections.length || said.length !== messages.length) return undefined;
  const texts: string[] = [];
  for (const [index, section] of said.entries()) {
    const message = messages[index];
    if (message === undefined || !('content' in message)) return undefined;
    texts.push(withContent(section, message.content, newline));
  }
  return texts.join('');
}

function withContent(section: Section, content: string, newline: string): string {
  const { head, before, after } = section;
  const same = section.content.replaceAll('\r\n', '\n') === content;
  const now = same ? section.content : content.replaceAll('\n', newline);
  return head + before + now + after;
}

function sectionsOf(text: string): readonly Section[] {
  const sections: Section[] = [];
  let head = '';
  let lines: string[] = [];
  const flush = (): void => {
    if (head !== '' || lines.join('').trim() !== '') sections.push(sectionOf(head, lines.join('')));
    else if (lines.length > 0) lead = lines.join('');
    lines = [];
  };
  let lead = '';
  for (const line of text.split(/(?<=\n)/)) {
    if (roleLine.test(line.replace(/\r?\n$/, '').replace(/^\ufeff/, ''))) {
      flush();
      head = lead + line;
      lead = '';
    } else lines.push(line);
  }
  flush();
  return sections;
}

function sectionOf(head: string, text: string): Section {
  // A byte order mark is white space to `trim`, as it is to who reads the file.
  const content = text.trim();
  const from = content === '' ? text.length : text.indexOf(content);
  return { head, before: text.slice(0, from), content, after: text.slice(from + content.length) };
}
