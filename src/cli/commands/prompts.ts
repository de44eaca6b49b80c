import type { Command } from 'commander';

import type { Registration } from '../cli.js';
import { registerPromptsDiff } from './prompts-diff.js';
import { registerPromptsHistory } from './prompts-history.js';
import { registerPromptsPromote, registerPromptsRollback } from './prompts-move.js';
import { registerPromptsPull } from './prompts-pull.js';
import { registerPromptsPush } from './prompts-push.js';
import { registerPromptsGet, registerPromptsList } from './prompts-show.js';
import { registerPromptsVersions } from './prompts-versions.js';

/** `assay prompts …` */
export function registerPrompts(program: Command, registration: Registration): void {
  const group = program
    .command('prompts')
    .description('Keep prompts in git and on the platforms in step, and move their labels')
    .addHelpText(
      'after',
      `
Examples:
  $ assay prompts push
  $ assay prompts diff
  $ assay prompts promote triage --label production --require-gate
  $ assay prompts rollback triage`,
    );
  registerPromptsPush(group, registration);
  registerPromptsPull(group, registration);
  registerPromptsDiff(group, registration);
  registerPromptsList(group, registration);
  registerPromptsVersions(group, registration);
  registerPromptsGet(group, registration);
  registerPromptsPromote(group, registration);
  registerPromptsRollback(group, registration);
  registerPromptsHistory(group, registration);
}
