/** A piece of a mustache template. */
export type MustacheNode =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'variable';
      readonly name: string;
      /** `{{{name}}}` or `{{&name}}`. */
      readonly raw: boolean;
    }
  | {
      readonly kind: 'section';
      readonly name: string;
      readonly inverted: boolean;
      readonly inner: readonly MustacheNode[];
    }
  | { readonly kind: 'partial'; readonly name: string }
  | { readonly kind: 'comment' }
  /** `{{=<% %>=}}` */
  | { readonly kind: 'delimiters' };

type Section = {
  readonly at: number;
  readonly name: string;
  readonly inverted: boolean;
  readonly inner: MustacheNode[];
};

/** Why a text is no template of ours. */
export interface MustacheProblem {
  /** With its place in the template. */
  readonly problem: string;
  /** Without. */
  readonly reason: string;
  /** Where it is, in UTF-16 units. */
  readonly offset: number;
}

const tag = /\{\{(?:\{([\s\S]*?)\}\}\}|=([\s\S]*?)=\}\}|!([\s\S]*?)\}\}|([#^/>&])?([\s\S]*?)\}\})/g;

/**
 * Parts a mustache template with the default delimiters. Kept to what prompts need, since core takes no package: the renderer
 * reads templates by itself, and a test holds the two together.
 */
export function parseMustache(
  template: string,
): { readonly nodes: readonly MustacheNode[] } | MustacheProblem {
  const root: MustacheNode[] = [];
  const open: Section[] = [];
  let at = 0;
  const current = (): MustacheNode[] => open.at(-1)?.inner ?? root;
  const text = (to: number): void => {
    if (to > at) current().push({ kind: 'text', text: template.slice(at, to) });
  };
  for (const match of template.matchAll(tag)) {
    text(match.index);
    at = match.index + match[0].length;
    const [, triple, delimiters, comment, sigil = '', plain = ''] = match;
    const name = (triple ?? plain).trim();
    if (comment !== undefined) current().push({ kind: 'comment' });
    else if (delimiters !== undefined) {
      // What follows is of another syntax.
      current().push({ kind: 'delimiters' });
      const problem = 'changes the delimiters of its tags';
      return { problem, reason: problem, offset: match.index };
    } else if (name === '') return wrong(template, ['an empty tag'], match.index);
    else if (sigil === '#' || sigil === '^') {
      const section: Section = { at: match.index, name, inverted: sigil === '^', inner: [] };
      const { inverted, inner } = section;
      current().push({ kind: 'section', name, inverted, inner });
      open.push(section);
    } else if (sigil === '/') {
      const section = open.pop();
      if (section?.name !== name) {
        return wrong(template, [`"${name}" is closed`, ', and not open'], match.index);
      }
    } else if (sigil === '>') current().push({ kind: 'partial', name });
    else current().push({ kind: 'variable', name, raw: triple !== undefined || sigil === '&' });
  }
  text(template.length);
  const left = open.at(-1);
  if (left !== undefined)
    return wrong(template, [`the section "${left.name}" is not closed`], left.at);
  const rest = template.indexOf('{{', at);
  if (rest !== -1) return wrong(template, ['a tag is not closed'], rest);
  return { nodes: root };
}

function wrong(
  template: string,
  [before, after = '']: readonly [string, string?],
  offset: number,
): MustacheProblem {
  const said = `is not a valid template: ${before}`;
  const problem = `${said} at ${place(template, offset)}${after}`;
  return { problem, reason: `${said}${after}`, offset };
}

function place(template: string, index: number): string {
  const before = template.slice(0, index).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
