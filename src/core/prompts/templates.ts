import { parseMustache } from './mustache.js';

/** A template in the other notation, or why it cannot be carried. */
export type Carried = { readonly text: string } | { readonly problems: readonly string[] };

/** Names that both notations read as one thing: mustache takes any text, Python's format takes `a.b`, `a[0]`, `a!r` and `a:>10`. */
const name = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * `{{mustache}}` → f-string, as LangSmith keeps prompts by default: variables in single braces, braces of the text doubled.
 * Sections, partials and what asks not to be escaped have no counterpart there, so they are refused and not guessed.
 */
export function toFString(template: string): Carried {
  const parsed = parseMustache(template);
  if ('problem' in parsed) return { problems: [parsed.problem] };
  const problems: string[] = [];
  const parts = parsed.nodes.map((node) => {
    switch (node.kind) {
      case 'text':
        return node.text.replace(/[{}]/g, '$&$&');
      case 'comment':
        problems.push('has a comment, which an f-string cannot hold');
        return '';
      case 'variable':
        if (node.raw) problems.push(`asks for "${node.name}" unescaped ({{{…}}} or {{&…}})`);
        if (!name.test(node.name))
          problems.push(`has the variable "${node.name}", whose name an f-string reads otherwise`);
        return `{${node.name}}`;
      case 'section':
        problems.push(`has the section "${node.name}"`);
        return '';
      case 'partial':
        problems.push(`uses the partial "${node.name}"`);
        return '';
      case 'delimiters':
        return '';
    }
  });
  return problems.length === 0 ? { text: parts.join('') } : { problems };
}

/**
 * f-string → `{{mustache}}`. A doubled brace of the text becomes one. Text that mustache would read as a tag (`{{` side by
 * side) cannot be written in it without changing its delimiters, so it is refused.
 */
export function toMustache(fString: string): Carried {
  const problems: string[] = [];
  let out = '';
  for (let at = 0; at < fString.length;) {
    const char = fString[at] ?? '';
    if (char !== '{' && char !== '}') {
      out += char;
      at += 1;
    } else if (fString[at + 1] === char) {
      out += char;
      at += 2;
      // Two literal braces in a row, or one before a variable, would open a tag.
    } else if (char === '}') {
      problems.push(`has a single "}" at ${at + 1}, which is no f-string`);
      at += 1;
    } else {
      const end = fString.indexOf('}', at);
      const inner = end === -1 ? '' : fString.slice(at + 1, end);
      if (end === -1) problems.push(`has a "{" at ${at + 1} that is not closed`);
      else if (!name.test(inner))
        problems.push(`has the field "{${inner}}", which mustache cannot hold`);
      if (out.endsWith('{')) problems.push(`has a literal "{" right before "{${inner}}"`);
      out += `{{${inner}}}`;
      at = end === -1 ? fString.length : end + 1;
    }
  }
  if (problems.length > 0) return { problems };
  // Whatever was text must be read as text again, and nothing else: said by the reader itself.
  const back = toFString(out);
  if ('text' in back && back.text === fString) return { text: out };
  return { problems: ['has literal braces side by side, which mustache reads as a tag'] };
}
