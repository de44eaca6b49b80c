import { CommanderError } from 'commander';

import { AssayError } from '../../core/errors/assay-error.js';

/** What commander throws where it only printed what was asked for. */
const answered = new Set(['commander.helpDisplayed', 'commander.version']);

/** Whether a thrown value means that help or version was printed, which is a success. */
export function isAnswered(error: unknown): boolean {
  return error instanceof CommanderError && answered.has(error.code);
}

/** Commander's complaints about a command line as our own error; anything else as it is. */
export function usageError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  // A group without its command: commander has printed the group's help.
  if (error.code === 'commander.help') {
    return new AssayError('USAGE', 'A command is missing.', { mend: 'Choose one of the above.' });
  }
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const message = first.charAt(0).toUpperCase() + first.slice(1);
  const hint = rest
    .join(' ')
    .replace(/^\(|\)$/g, '')
    .trim();
  return new AssayError('USAGE', message.endsWith('.') ? message : `${message}.`, {
    mend: `${hint === '' ? '' : `${hint} `}See --help.`,
  });
}
