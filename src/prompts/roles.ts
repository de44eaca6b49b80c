import { isTypo } from './typo.js';

/** That models and platforms know. Others are kept as they are: a platform's prompts can have roles of a team's own. */
const knownRoles = ['system', 'user', 'assistant', 'developer', 'tool', 'function', 'model'];

/** What is wrong with a role: `sytem` was sent as it is, and no model took it. Undefined for what is no slip of the keys. */
export function roleProblem(
  role: string,
): { readonly message: string; readonly mend: string } | undefined {
  if (knownRoles.includes(role)) return undefined;
  const meant = knownRoles.find(
    (known) => isTypo(role.toLowerCase(), known) || role.toLowerCase() === known,
  );
  if (meant === undefined) return undefined;
  return { message: `has the role "${role}"`, mend: `Write ${meant}.` };
}
