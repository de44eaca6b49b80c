import { readStack } from '../../../devstack/index.js';
import type { CheckResult } from './check.js';

/** The embedded stack of the folder, where one runs. */
export function checkStack(folder: string): CheckResult {
  const name = 'Stack';
  const stack = readStack(folder);
  if (stack === undefined) {
    return { name, state: 'skip', found: 'no embedded stack runs in this folder' };
  }
  const { pid, startedAt } = stack;
  const services = Object.keys(stack.services);
  return {
    name,
    state: 'ok',
    found: `runs since ${startedAt} (pid ${pid}): ${services.join(', ')}`,
    facts: { pid, startedAt, services },
  };
}
