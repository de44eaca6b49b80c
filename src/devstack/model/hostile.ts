import { hostileTexts } from './options.js';

export type HostileText = (typeof hostileTexts)[number];

const texts: Readonly<Record<Exclude<HostileText, 'fence'>, string>> = {
  nul: 'before\u0000after',
  surrogate: 'half a pair \ud83d and the other half \ude00',
  script:
    '</script><script>alert(1)</script><img src=x onerror=alert(1)> ::error::x ]]> | `code` | =1+1',
  ansi: '\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u001b[2J',
  huge: 'half a megabyte of text. '.repeat(20_972),
};

/** Puts the text behind every sentence of a JSON value. A label has no space: changing it would miss the schema. */
const infect = (value: unknown, text: string): unknown => {
  if (Array.isArray(value)) return value.map((part) => infect(part, text));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [key, infect(part, text)]),
    );
  return typeof value === 'string' && /\s/.test(value) ? `${value} ${text}` : value;
};

/** The answer made hostile: fenced as JSON, or with the text in its strings, or the text instead of it. */
export const hostileAnswer = (answer: string, kind: HostileText): string => {
  if (kind === 'fence') return `Here you are:\n\`\`\`json\n${answer}\n\`\`\`\n`;
  const text = texts[kind];
  try {
    const changed = JSON.stringify(infect(JSON.parse(answer), text));
    return changed === answer ? text : changed;
  } catch {
    return `${answer} ${text}`;
  }
};

/** The kinds in turn. */
export const hostileKind = (turn: number): HostileText =>
  hostileTexts[turn % hostileTexts.length] ?? 'nul';
