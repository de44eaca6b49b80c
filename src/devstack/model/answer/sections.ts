import { fold } from '../text/words.js';
import type { PromptMessage } from './prompt.js';

/** The parts that a judge's prompt is made of. */
type SectionRole = 'rubric' | 'output' | 'reference' | 'input' | 'other';

/** A judge's prompt taken apart; a part that is not there is empty. */
export type Sections = Readonly<Record<SectionRole, string>> & {
  /** What of the user's messages stands between no tags: a model takes it for the user's own words. */
  readonly bare: string;
};

const roleNames: readonly (readonly [SectionRole, RegExp])[] = [
  ['reference', /reference|expected|gold|ideal|ground truth|(?:correct|model|target) answer/],
  ['rubric', /rubric|criteri|checklist|grading|guideline/],
  ['output', /output|answer|response|reply|candidate|submission|actual|prediction|completion/],
  ['input', /input|question|ticket|prompt|context|conversation|customer|message/],
];

const roleOf = (name: string): SectionRole | undefined => {
  const plain = fold(name).replace(/[_-]/g, ' ');
  return roleNames.find(([, pattern]) => pattern.test(plain))?.[0];
};

const headings = [
  /^#{1,6}\s+(.{1,60}?):?\s*$/,
  /^\[([^\]]{1,40})\]\s*$/,
  /^[=-]{2,}\s*(?:BEGIN\s+)?([^=-].{0,40}?)\s*[=-]{2,}$/i,
  /^\*{0,2}([A-Za-z](?:[\w'’/()-]| (?=\S)){1,40}?)\*{0,2}:\*{0,2}\s*(.*)$/,
];

interface Opening {
  readonly role: SectionRole;
  readonly rest: string;
  /** Set where only this closing tag ends the section. */
  readonly closing?: string;
}

const openingOf = (line: string): Opening | undefined => {
  const tag = /^\s*<([a-z][\w-]{0,60})(?:\s[^>]*)?>(.*)$/i.exec(line);
  const name = tag?.[1] ?? '';
  // Results that are to be compared: see pair.ts.
  const tagRole = roleOf(name) ?? (/^(?:first|second)(?:-|$)/i.test(name) ? 'other' : undefined);
  if (tag?.[1] !== undefined && tagRole !== undefined)
    return { role: tagRole, rest: tag[2] ?? '', closing: `</${tag[1]}>` };
  for (const pattern of headings) {
    const match = pattern.exec(line);
    const name = match?.[1];
    if (name === undefined || name.split(/\s+/).length > 4) continue;
    const role = roleOf(name);
    if (role !== undefined) return { role, rest: match?.[2] ?? '' };
  }
  return undefined;
};

/** A text that is JSON is judged by its values: keys and braces are not what was said. */
const plain = (text: string): string => {
  const trimmed = text
    .trim()
    .replace(/^```\w*\n?|```$/g, '')
    .trim();
  if (!/^["{[]/.test(trimmed)) return trimmed;
  try {
    const value: unknown = JSON.parse(trimmed);
    return typeof value === 'string' ? value : valuesOf(value).join('\n');
  } catch {
    return trimmed;
  }
};

const valuesOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(valuesOf) : [];
};

interface TextSection {
  readonly role: SectionRole;
  readonly text: string;
  readonly fenced: boolean;
}

/** A whole message that is one JSON object whose keys name the parts. */
const jsonSections = (text: string): readonly TextSection[] | undefined => {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.entries(value).map(([key, part]: [string, unknown]) => ({
      role: roleOf(key) ?? 'other',
      text:
        typeof part === 'string'
          ? part
          : valuesOf(part)
              .map((line) => `- ${line}`)
              .join('\n'),
      // Quoted by JSON itself.
      fenced: true,
    }));
  } catch {
    return undefined;
  }
};

const textSections = (text: string): readonly TextSection[] => {
  const found: { role: SectionRole; lines: string[]; fenced?: boolean }[] = [
    { role: 'other', lines: [] },
  ];
  let closing: string | undefined;
  for (const line of text.split('\n')) {
    if (closing !== undefined) {
      const at = line.indexOf(closing);
      found.at(-1)?.lines.push(at === -1 ? line : line.slice(0, at));
      if (at === -1) continue;
      closing = undefined;
      found.push({ role: 'other', lines: [] });
      continue;
    }
    const opening = openingOf(line);
    if (opening === undefined) {
      found.at(-1)?.lines.push(line);
      continue;
    }
    const end = opening.closing === undefined ? -1 : opening.rest.indexOf(opening.closing);
    found.push({
      role: opening.role,
      lines: [end === -1 ? opening.rest : opening.rest.slice(0, end)],
      fenced: opening.closing !== undefined,
    });
    if (end === -1) closing = opening.closing;
    else found.push({ role: 'other', lines: [] });
  }
  return found.map(({ role, lines, fenced = false }) => ({
    role,
    text: lines.join('\n').trim(),
    fenced,
  }));
};

/** A part is read again for each criterion: half a megabyte of output would hold up every other call. */
const mostRead = 20_000;

/** Takes a judge's prompt apart. Of several outputs or references the last counts, of rubrics all do. */
export const sectionsOf = (messages: readonly PromptMessage[]): Sections => {
  const sections = { rubric: '', output: '', reference: '', input: '', other: '', bare: '' };
  for (const { role: speaker, text } of messages)
    for (const { role, text: part, fenced } of jsonSections(text) ?? textSections(text)) {
      if (part.trim() === '') continue;
      if (speaker === 'user' && !fenced) sections.bare = `${sections.bare}\n${part}`.trim();
      if (role === 'rubric' || role === 'other')
        sections[role] = `${sections[role]}\n${part}`.trim();
      else sections[role] = plain(part);
    }
  for (const role of ['rubric', 'output', 'reference', 'input', 'other', 'bare'] as const)
    sections[role] = sections[role].slice(0, mostRead);
  return sections;
};
