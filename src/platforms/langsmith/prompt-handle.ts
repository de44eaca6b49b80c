import { sha256 } from '../../core/ids/hash.js';
import type { RepoAnswer } from './answers.js';

/** What LangSmith takes as the handle of a prompt. */
const handleForm = /^[a-z][a-z0-9-_]{0,99}$/;
const marker = 'Name in Assay: ';

/** A prompt, for messages. */
export const whatOf = (name: string): string => `the prompt ${JSON.stringify(name)}`;

/** The handle of a prompt: its name where LangSmith takes it, else what it takes of it and eight digits of its hash. */
export function handleOf(name: string): string {
  if (handleForm.test(name)) return name;
  const taken = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-_]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 60);
  return `${taken === '' ? 'prompt' : taken}-${sha256(name).slice(0, 8)}`;
}

/** Stands in the readme of a prompt whose handle is not its name. */
export function readmeOf(name: string): string | undefined {
  return handleOf(name) === name ? undefined : `${marker}${JSON.stringify(name)}`;
}

/** The name of a prompt: from its readme where that gives this handle, else the handle. */
export function nameOf({ repo_handle: handle, readme }: RepoAnswer): string {
  const line = readme?.split('\n').find((each) => each.startsWith(marker));
  if (line === undefined) return handle;
  try {
    const name: unknown = JSON.parse(line.slice(marker.length));
    return typeof name === 'string' && handleOf(name) === handle ? name : handle;
  } catch {
    return handle;
  }
}
