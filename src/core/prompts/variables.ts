import type { PromptBody } from '../../contracts/prompt.js';
import { parseMustache, type MustacheNode } from './mustache.js';

/** The names that a prompt is filled with. */
export interface PromptVariables {
  /** That must be there, as `name` or `customer.name`; placeholders among them. */
  readonly required: readonly string[];
  /** In sections, or what sections hang on: may be missing on purpose. */
  readonly optional: readonly string[];
  /** Of messages that are put in. */
  readonly placeholders: readonly string[];
  /** What is wrong with the templates, each in one sentence. */
  readonly problems: readonly string[];
}

/** The variables that a prompt's texts use. */
export function promptVariables(body: PromptBody): PromptVariables {
  const required = new Set<string>();
  const optional = new Set<string>();
  const placeholders = new Set<string>();
  const problems: string[] = [];
  const walk = (nodes: readonly MustacheNode[], inSection: boolean): void => {
    for (const node of nodes) {
      if (node.kind === 'variable' && node.name !== '.') {
        (inSection ? optional : required).add(node.name);
      } else if (node.kind === 'section') {
        if (node.name !== '.') optional.add(node.name);
        walk(node.inner, true);
      } else if (node.kind === 'partial') problems.push(`uses the partial "${node.name}"`);
    }
  };
  for (const text of templatesOf(body)) {
    const parsed = parseMustache(text);
    if ('problem' in parsed) problems.push(parsed.problem);
    else walk(parsed.nodes, false);
  }
  if (body.kind === 'chat') {
    for (const message of body.messages) {
      if ('placeholder' in message) placeholders.add(message.placeholder);
    }
  }
  return {
    required: [...new Set([...required, ...placeholders])],
    optional: [...optional].filter((name) => !required.has(name)),
    placeholders: [...placeholders],
    problems,
  };
}

/** The texts of a body that are templates. */
export function templatesOf(body: PromptBody): readonly string[] {
  if (body.kind === 'text') return [body.text];
  return body.messages.flatMap((message) => ('content' in message ? [message.content] : []));
}

/** What a prompt uses against what its metadata says that it is given; no declaration allows everything. */
export function undeclaredVariables(
  variables: PromptVariables,
  declared: readonly string[] | undefined,
): { readonly undeclared: readonly string[]; readonly unused: readonly string[] } {
  if (declared === undefined) return { undeclared: [], unused: [] };
  const roots = new Set(declared);
  const root = (name: string): string => name.split('.', 1)[0] ?? name;
  const used = [...variables.required, ...variables.optional];
  const usedRoots = new Set(used.map(root));
  return {
    undeclared: [...usedRoots]
      .filter((name) => !roots.has(name))
      // What a section shows are fields of what it is over, which nobody declares by themselves.
      .filter((name) => variables.required.some((each) => root(each) === name)),
    unused: declared.filter((name) => !usedRoots.has(root(name))),
  };
}
