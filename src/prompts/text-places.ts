import type { Problem } from '../core/errors/assay-error.js';
import { parseMustache } from '../core/prompts/mustache.js';
import type { PromptVariables } from '../core/prompts/variables.js';

/** Where a text of a prompt begins in its file; lines and columns from 1. */
export interface TextStart {
  readonly line: number;
  readonly column: number;
  /** What stands before each further line. Undefined where the text's lines are not those of the file. */
  readonly indent: number | undefined;
}

/** A template, and where it begins; undefined where nobody knows. */
export interface PlacedTemplate {
  readonly text: string;
  readonly start: TextStart | undefined;
}

/** The place of an offset of a template as `file:line:column`. */
export function placeIn(file: string, { text, start }: PlacedTemplate, offset: number): string {
  if (start === undefined) return file;
  const before = text.slice(0, offset).split('\n');
  const column = before.at(-1)?.length ?? 0;
  if (before.length === 1) return `${file}:${start.line}:${start.column + column}`;
  // Of a text in quotes only its beginning is known.
  if (start.indent === undefined) return `${file}:${start.line}:${start.column}`;
  return `${file}:${start.line + before.length - 1}:${start.indent + column + 1}`;
}

/** What is wrong with templates, each where it is in the file. */
export function templateProblems(
  file: string,
  templates: readonly PlacedTemplate[],
): readonly Problem[] {
  return templates.flatMap((template): readonly Problem[] => {
    const parsed = parseMustache(template.text);
    if ('problem' in parsed) {
      return [{ at: placeIn(file, template, parsed.offset), message: parsed.reason }];
    }
    return [...template.text.matchAll(/\{\{>\s*([\s\S]*?)\s*\}\}/g)].map((match) => ({
      at: placeIn(file, template, match.index),
      message: `uses the partial "${match[1] ?? ''}"`,
      mend: 'Write it out.',
    }));
  });
}

/** Where a variable is used first, by its own name or that of a field of it; the file alone for what is no tag. */
export function placeOfVariable(
  file: string,
  templates: readonly PlacedTemplate[],
  name: PromptVariables['required'][number],
): string {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const tag = new RegExp(String.raw`\{\{[{&#^]?\s*${quoted}(?:\.[^}]*)?\s*\}\}`);
  for (const template of templates) {
    const offset = template.text.search(tag);
    if (offset !== -1) return placeIn(file, template, offset);
  }
  return file;
}
