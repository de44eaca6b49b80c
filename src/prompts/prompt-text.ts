import type { PromptBody, PromptMessage } from '../contracts/prompt.js';
import type { Problem } from '../core/errors/assay-error.js';
import { roleProblem } from './roles.js';
import type { TextStart } from './text-places.js';

/** Parts messages; without its line end. */
export const roleLine = /^---\s*(system|user|assistant)\s*---\s*$/;

/**
 * What `prompt.txt` says: one user message, or several where lines such as `--- system ---` part them; as `text`, the whole of it.
 * White space around each is not kept. No message where nothing is said.
 */
export function parsePromptText(text: string, type: 'chat' | 'text'): PromptBody {
  // Editors put a byte order mark there; before a role line it would hide the role.
  const clean = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (type === 'text') return { kind: 'text', text: clean.replace(/\r\n/g, '\n').trim() };
  const messages: PromptMessage[] = [];
  let role = 'user';
  let lines: string[] = [];
  const flush = (): void => {
    const content = lines.join('\n').trim();
    if (content !== '') messages.push({ role, content });
    lines = [];
  };
  for (const line of clean.split(/\r?\n/)) {
    const match = roleLine.exec(line);
    if (match === null) lines.push(line);
    else {
      flush();
      role = match[1] ?? role;
    }
  }
  flush();
  return { kind: 'chat', messages };
}

/** Where the texts of a `prompt.txt` begin, in the order of {@link parsePromptText}. */
export function promptTextStarts(text: string, type: 'chat' | 'text'): readonly TextStart[] {
  const starts: TextStart[] = [];
  let isOpen = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (type === 'chat' && roleLine.test(line)) isOpen = false;
    else if (!isOpen && line.replace('\ufeff', '').trim() !== '') {
      isOpen = true;
      const column = line.search(/[^\s\ufeff]/) + 1;
      starts.push({ line: index + 1, column, indent: 0 });
    }
  }
  return starts;
}

/** Lines that were meant to say a role, and are text since it is written wrongly. */
export function roleLineProblems(file: string, text: string): readonly Problem[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const role = /^---\s*([A-Za-z]{2,20})\s*---\s*$/.exec(line)?.[1];
    const problem = role === undefined || roleLine.test(line) ? undefined : roleProblem(role);
    return problem === undefined ? [] : [{ at: `${file}:${index + 1}:1`, ...problem }];
  });
}

/** A body as `prompt.txt` would hold it; what cannot be held so is found by reading it again. */
export function printPromptText(body: PromptBody): string {
  if (body.kind === 'text') return `${body.text}\n`;
  const [first, ...others] = body.messages;
  if (first !== undefined && others.length === 0 && 'content' in first && first.role === 'user') {
    return `${first.content}\n`;
  }
  return body.messages
    .map((message) =>
      'content' in message
        ? `--- ${message.role} ---\n${message.content}\n`
        : '--- placeholder ---\n',
    )
    .join('\n');
}
