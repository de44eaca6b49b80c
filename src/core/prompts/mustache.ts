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
  readonly name: string;
  readonly inverted: boolean;
  readonly inner: MustacheNode[];
};

const tag = /\{\{(?:\{([\s\S]*?)\}\}\}|=([\s\S]*?)=\}\}|!([\s\S]*?)\}\}|([#^/>&])?([\s\S]*?)\}\})/g;

/**
 * Parts a mustache template with the default delimiters. Kept to what prompts need, since core takes no package: the renderer
 * reads templates by itself, and a test holds the two together.
 */
export function parseMustache(
  template: string,
): { readonly nodes: readonly MustacheNode[] } | { readonly problem: string } {
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
      return { problem: 'changes the delimiters of its tags' };
    } else if (name === '')
      return {
        problem: `is not a valid template: an empty tag at ${place(template, match.index)}`,
      };
    else if (sigil === '#' || sigil === '^') {
      const section: Section = { name, inverted: sigil === '^', inner: [] };
      current().push({ kind: 'section', ...section });
      open.push(section);
    } else if (sigil === '/') {
      const section = open.pop();
      if (section?.name !== name) {
        return {
          problem: `is not a valid template: "${name}" is closed at ${place(template, match.index)}, and not open`,
        };
      }
    } else if (sigil === '>') current().push({ kind: 'partial', name });
    else current().push({ kind: 'variable', name, raw: triple !== undefined || sigil === '&' });
  }
  text(template.length);
  const left = open.at(-1);
  if (left !== undefined)
    return { problem: `is not a valid template: the section "${left.name}" is not closed` };
  const rest = template.indexOf('{{', at);
  if (rest !== -1)
    return { problem: `is not a valid template: a tag is not closed at ${place(template, rest)}` };
  return { nodes: root };
}

function place(template: string, index: number): string {
  const before = template.slice(0, index).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
