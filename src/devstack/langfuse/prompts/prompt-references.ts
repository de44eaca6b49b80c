import type { Queries } from '../db/database.js';
import { badRequest } from '../http/errors.js';
import type { PromptRow, PromptSelector } from './prompt-rows.js';
import { findPrompt } from './prompt-rows.js';

/** A reference to another prompt inside the text of one: `@@@langfusePrompt:name=a|label=b@@@`. */
export interface PromptReference {
  readonly tag: string;
  readonly name: string;
  readonly selector: PromptSelector;
}

interface GraphNode {
  readonly id: string;
  readonly name: string;
  readonly version: number;
}

export interface ResolvedPrompt {
  readonly prompt: unknown;
  readonly graph: {
    readonly root: GraphNode;
    readonly dependencies: Record<string, GraphNode[]>;
  } | null;
}

const pattern = /@@@langfusePrompt:name=([^|@]+)\|(?:version=(\d+)|label=([^|@]+))@@@/g;
const deepest = 5;

export function referencesIn(prompt: unknown): PromptReference[] {
  const text = typeof prompt === 'string' ? prompt : JSON.stringify(prompt);
  return [...text.matchAll(pattern)].map(([tag, name = '', version, label = '']) => ({
    tag,
    name,
    selector: version === undefined ? { label } : { version: Number(version) },
  }));
}

const describeSelector = (selector: PromptSelector): string =>
  'version' in selector ? `version ${selector.version}` : `label ${selector.label}`;

/** Refuses a prompt whose references lead nowhere. */
export async function checkReferences(
  queries: Queries,
  projectId: string,
  prompt: unknown,
): Promise<void> {
  for (const { name, selector } of referencesIn(prompt))
    if ((await findPrompt(queries, projectId, { name, selector })) === undefined)
      throw badRequest(`Prompt dependency not found: ${name} - ${describeSelector(selector)}`);
}

/** Replaces the references by the texts they name, as GET does unless `resolve=false`. */
export async function resolveReferences(
  queries: Queries,
  projectId: string,
  row: PromptRow,
): Promise<ResolvedPrompt> {
  const dependencies: Record<string, GraphNode[]> = {};
  const expand = async (current: PromptRow, depth: number): Promise<unknown> => {
    const references = referencesIn(current.prompt);
    if (references.length === 0) return current.prompt;
    if (depth >= deepest) throw badRequest('Maximum nesting depth of prompt dependencies exceeded');
    const texts = new Map<string, string>();
    const nodes: GraphNode[] = [];
    for (const reference of references) {
      const found = await findPrompt(queries, projectId, reference);
      if (found === undefined)
        throw badRequest(
          `Prompt dependency not found: ${reference.name} - ${describeSelector(reference.selector)}`,
        );
      nodes.push({ id: found.id, name: found.name, version: found.version });
      const text = await expand(found, depth + 1);
      texts.set(reference.tag, typeof text === 'string' ? text : JSON.stringify(text));
    }
    dependencies[current.id] = nodes;
    return replaceTags(current.prompt, texts);
  };
  const prompt = await expand(row, 0);
  if (Object.keys(dependencies).length === 0) return { prompt, graph: null };
  const root = { name: row.name, version: row.version, id: row.id };
  return { prompt, graph: { root, dependencies } };
}

function replaceTags(prompt: unknown, texts: ReadonlyMap<string, string>): unknown {
  if (typeof prompt === 'string') return prompt.replace(pattern, (tag) => texts.get(tag) ?? tag);
  if (Array.isArray(prompt)) return prompt.map((part) => replaceTags(part, texts));
  if (typeof prompt !== 'object' || prompt === null) return prompt;
  return Object.fromEntries(
    Object.entries(prompt).map(([key, value]) => [key, replaceTags(value, texts)]),
  );
}
