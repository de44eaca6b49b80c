import { plainIssues } from '../../contracts/schema-problems.js';
import { anchorsSchema, type Anchor } from '../../contracts/judge-kinds.js';
import type { Problem } from '../../core/errors/assay-error.js';
import type { Building } from '../building.js';
import { cut } from '../score-text.js';
import { messageOf } from '../thrown.js';

/** They stand in the manifest as they are, so that a file that is edited while a run goes on changes nothing of it. */
const mostCharacters = 200_000;

/** The anchors of a judge as its config or its file has them; what is wrong with them is told, all at once. */
export async function readAnchors(
  building: Building<'llm_judge'> | Building<'llm_pairwise'>,
): Promise<{ readonly anchors: readonly Anchor[] } | { readonly problems: readonly Problem[] }> {
  const { name, config, readText } = building;
  const { anchors, anchorsFile } = config;
  if (anchors !== undefined && anchorsFile !== undefined) {
    const message = 'A judge takes either `anchors` or `anchorsFile`.';
    return { problems: [{ at: `evaluators.${name}`, message, mend: 'Give one of the two.' }] };
  }
  if (anchorsFile === undefined) {
    return checked(anchors ?? [], `evaluators.${name}.anchors`);
  }
  const at = `evaluators.${name}.anchorsFile`;
  let raw: unknown;
  try {
    raw = JSON.parse(await readText(anchorsFile));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The message of the file system holds absolute paths; its code says enough.
    const why = error instanceof SyntaxError ? 'it is not JSON' : (code ?? messageOf(error, 200));
    return { problems: [{ at, message: `The anchors cannot be read: ${why}.` }] };
  }
  const parsed = anchorsSchema.safeParse(raw);
  if (parsed.success) return checked(parsed.data, at);
  return {
    problems: plainIssues(parsed.error.issues)
      .slice(0, 20)
      .map((issue) => ({
        at: `${at}: ${issue.path.map(String).join('.') || 'the file'}`,
        message: issue.message,
        mend: 'An anchor is {"id", "input"?, "output", "expected"?, "passed": true or false}.',
      })),
  };
}

function checked(
  anchors: readonly Anchor[],
  at: string,
): { readonly anchors: readonly Anchor[] } | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const { id } of anchors) {
    if (seen.has(id)) {
      problems.push({ at, message: `The anchor "${cut(id, 100)}" is there twice.` });
    }
    seen.add(id);
  }
  const size = JSON.stringify(anchors).length;
  if (size > mostCharacters) {
    const message = `The anchors have ${size} characters; a judge takes ${mostCharacters}.`;
    problems.push({ at, message, mend: 'Keep fewer of them, or shorter ones.' });
  }
  return problems.length > 0 ? { problems } : { anchors };
}
