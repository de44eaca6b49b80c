import type { Command } from 'commander';

import { AssayError } from '../../core/errors/assay-error.js';
import { withBackendOption } from '../backend-option.js';
import type { Cli, Registration } from '../cli.js';
import { withPromptName, type NameOptions } from '../prompts/name-option.js';
import { actorOf, givenLabel, selectorOf, type BackendOptions } from '../prompts/options.js';

interface MoveOptions extends BackendOptions, NameOptions {
  readonly by?: string;
  readonly reason?: string;
  readonly label?: string;
  readonly toLabel?: string;
}

interface PromoteOptions extends MoveOptions {
  readonly version?: string;
  readonly fromLabel?: string;
  readonly requireGate?: string | true;
  readonly gateMaxAge?: string;
}

const withAudit = (command: Command): Command =>
  withBackendOption(command, 'label')
    .option('--reason <text>', 'why, for the history')
    .option('--by <who>', 'who does it, for the history (default: user@host)');

/** `assay prompts promote` */
export function registerPromptsPromote(group: Command, { handle }: Registration): void {
  const command = withAudit(
    withPromptName(group.command('promote').description('Put a label on a version of a prompt')),
  )
    .option('--version <version>', 'this version')
    .option('--from-label <label>', 'the version that has this label (default: latest)')
    .option('--label <label>', 'the label that it gets (default: production)')
    .option('--to-label <label>', 'the same as --label')
    .option(
      '--require-gate [name]',
      'only where a gate (of this name, or against it) passed exactly this content',
    )
    .option(
      '--gate-max-age <days>',
      'with --require-gate: how old the verdict may be (default: 30)',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ assay prompts promote triage --version 4
  $ assay prompts promote triage --from-label staging --label production --require-gate release-4
  $ assay prompts promote triage --reason "shorter answers, agreed with support"

Exit codes: 0 it has the label, 3 there is no such version, 4 no passing gate, 5 the platform is away or refuses.`,
    );
  handle(command, async (cli) => {
    const options = command.opts<PromoteOptions>();
    const { version, fromLabel } = options;
    const to = selectorOf(
      {
        ...(version === undefined ? {} : { version }),
        ...(fromLabel === undefined ? {} : { label: fromLabel }),
      },
      '--from-label',
    );
    const gate = gateOf(options);
    const asked = await common(cli, options);
    const request = { kind: 'promote', to, ...asked, ...gate } as const;
    const { move } = await import('../prompts/move.js');
    return move(cli, options, { given: command.args[0] ?? '', request });
  });
}

/** `assay prompts rollback` */
export function registerPromptsRollback(group: Command, { handle }: Registration): void {
  const command = withAudit(
    withPromptName(
      group.command('rollback').description('Put a label back on the version that had it before'),
    ),
  )
    .option('--label <label>', 'the label (default: production)')
    .addHelpText(
      'after',
      `
Examples:
  $ assay prompts rollback triage
  $ assay prompts rollback triage --label staging --reason "too terse"

It goes by what \`assay prompts history\` shows; a second rollback goes back one more.`,
    );
  handle(command, async (cli) => {
    const options = command.opts<MoveOptions>();
    const request = { kind: 'rollback', ...(await common(cli, options)) } as const;
    const { move } = await import('../prompts/move.js');
    return move(cli, options, { given: command.args[0] ?? '', request });
  });
}

async function common(cli: Cli, options: MoveOptions) {
  const { backend, by, reason, label, toLabel } = options;
  if (label !== undefined && toLabel !== undefined && label !== toLabel) {
    throw new AssayError('USAGE', '--label and --to-label are the same, and differ.');
  }
  return {
    project: await cli.project(),
    label: givenLabel(label ?? toLabel ?? 'production'),
    actor: actorOf(by),
    ...(backend === undefined ? {} : { backend }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** What a gate must have said. @throws AssayError USAGE where an age is given and no gate is asked for: that moved it ungated. */
function gateOf({ requireGate, gateMaxAge }: PromoteOptions) {
  if (requireGate === undefined) {
    if (gateMaxAge === undefined) return {};
    throw new AssayError('USAGE', '--gate-max-age is of --require-gate, which is not given.', {
      mend: 'Add --require-gate, or leave --gate-max-age away.',
    });
  }
  const name = requireGate === true ? {} : { name: requireGate };
  return {
    gate: { ...name, ...(gateMaxAge === undefined ? {} : { maxAgeDays: days(gateMaxAge) }) },
  };
}

function days(value: string): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0 && number <= 3_650) return number;
  throw new AssayError('USAGE', '--gate-max-age is a number of days, at most 3,650.');
}
