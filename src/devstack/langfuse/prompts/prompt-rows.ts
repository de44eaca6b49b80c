import type { Queries } from '../db/database.js';
import { notFound } from '../http/errors.js';

export interface PromptRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly version: number;
  readonly type: 'text' | 'chat';
  readonly prompt: unknown;
  readonly config: unknown;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  readonly commit_message: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Which version of a prompt is meant. */
export type PromptSelector = { readonly version: number } | { readonly label: string };

export async function findPrompt(
  queries: Queries,
  projectId: string,
  { name, selector }: { name: string; selector: PromptSelector },
): Promise<PromptRow | undefined> {
  const byVersion = 'version' in selector;
  const [row] = await queries.rows<PromptRow>(
    `select * from prompts where project_id = $1 and name = $2
       and ${byVersion ? 'version = $3' : '$3 = any(labels)'}
     order by version desc limit 1`,
    [projectId, name, byVersion ? selector.version : selector.label],
  );
  return row;
}

export async function requirePrompt(
  queries: Queries,
  projectId: string,
  wanted: { name: string; selector: PromptSelector },
): Promise<PromptRow> {
  const row = await findPrompt(queries, projectId, wanted);
  if (row !== undefined) return row;
  const { name, selector } = wanted;
  const which = 'version' in selector ? `version ${selector.version}` : `label '${selector.label}'`;
  throw notFound(`Prompt not found: '${name}' with ${which}`);
}

/** A prompt in the answers; `isActive` is derived on GET and null in the answers to writes. */
export function promptView(row: PromptRow, isActive: boolean | null) {
  return {
    id: row.id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    projectId: row.project_id,
    createdBy: 'API',
    prompt: row.prompt,
    name: row.name,
    version: row.version,
    type: row.type,
    isActive,
    config: row.config,
    tags: row.tags,
    labels: row.labels,
    commitMessage: row.commit_message,
  };
}

export const touch = `updated_at = date_trunc('milliseconds', clock_timestamp())`;

/** A label lives on one version of a name: takes the labels from every other one. */
export async function takeLabels(
  queries: Queries,
  projectId: string,
  { name, labels, except }: { name: string; labels: readonly string[]; except: number },
): Promise<void> {
  await queries.rows(
    `update prompts set ${touch},
       labels = array(select l from unnest(labels) with ordinality as t(l, n) where l <> all($3::text[]) order by n)
     where project_id = $1 and name = $2 and labels && $3::text[] and version <> $4`,
    [projectId, name, labels, except],
  );
}
