import type { Command } from 'commander';

import type { MovedPrompt, MovePromptLabelInput, PromptProgress } from '../../client/prompts.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { catalogueEntry, isErrorCode } from '../../core/errors/catalogue.js';
import { withBackendOption } from '../backend-option.js';
import { shellWord, type Cli, type Registration } from '../cli.js';
import { errorLines } from '../errors/render-error.js';
import { listenForInterrupt } from '../interrupt.js';
import { jsonText } from '../io/json-text.js';
import { tellDetached, waitsOf } from '../prompts/watch-prompts.js';
import { actorOf, givenLabel, selectorOf, type BackendOptions } from './prompts-options.js';

interface MoveOptions extends BackendOptions {
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
    group
      .command('promote')
      .description('Put a label on a version of a prompt')
      .argument('<name>', 'as the platform calls it'),
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
    const { version, fromLabel, requireGate } = options;
    const to = selectorOf({
      ...(version === undefined ? {} : { version }),
      ...(fromLabel === undefined ? {} : { label: fromLabel }),
    });
    return move(cli, {
      kind: 'promote',
      ...(await common(cli, command.args[0] ?? '', options)),
      to,
      ...(requireGate === undefined
        ? {}
        : {
            gate: {
              ...(requireGate === true ? {} : { name: requireGate }),
              ...(options.gateMaxAge === undefined ? {} : { maxAgeDays: days(options.gateMaxAge) }),
            },
          }),
    });
  });
}

/** `assay prompts rollback` */
export function registerPromptsRollback(group: Command, { handle }: Registration): void {
  const command = withAudit(
    group
      .command('rollback')
      .description('Put a label back on the version that had it before')
      .argument('<name>', 'as the platform calls it'),
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
  handle(command, async (cli) =>
    move(cli, {
      kind: 'rollback',
      ...(await common(cli, command.args[0] ?? '', command.opts<MoveOptions>())),
    }),
  );
}

async function common(cli: Cli, name: string, options: MoveOptions) {
  const { backend, by, reason, label, toLabel } = options;
  if (label !== undefined && toLabel !== undefined && label !== toLabel) {
    throw new AssayError('USAGE', '--label and --to-label are the same, and differ.');
  }
  return {
    project: await cli.project(),
    name,
    label: givenLabel(label ?? toLabel ?? 'production'),
    actor: actorOf(by),
    ...(backend === undefined ? {} : { backend }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function days(value: string): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0 && number <= 3_650) return number;
  throw new AssayError('USAGE', '--gate-max-age is a number of days, at most 3,650.');
}

async function move(cli: Cli, request: MovePromptLabelInput): Promise<number | undefined> {
  const { project, backend } = request;
  const interrupt = listenForInterrupt();
  const { signal } = interrupt;
  const waits = waitsOf(cli);
  try {
    const reply = await cli.withClient(async ({ prompts }) => {
      const platforms = await prompts.platforms({
        project,
        ...(backend === undefined ? {} : { backend }),
      });
      const onProgress = (progress: PromptProgress<MovedPrompt>): void => {
        waits(progress);
        if (progress.state === 'waiting' || cli.json) return;
        void tell(cli, {
          name: request.name,
          moved: progress.outcome,
          several: platforms.length > 1,
        });
      };
      return prompts.move(request, { platforms, onProgress, signal });
    });
    if (cli.json) await cli.out.line(jsonText(reply));
    const [failed] = reply.platforms.filter((each) => each.outcome === 'failed');
    if (failed === undefined) return undefined;
    return catalogueEntry(isErrorCode(failed.error.code) ? failed.error.code : 'INTERNAL').exit;
  } catch (error) {
    if (!signal.aborted) throw error;
    const again = `prompts history ${shellWord(request.name)}`;
    await tellDetached(cli, { project, what: request.kind, again });
    return interrupt.exitCode;
  } finally {
    interrupt.dispose();
  }
}

async function tell(
  { out, err }: Cli,
  of: { readonly name: string; readonly moved: MovedPrompt; readonly several: boolean },
): Promise<void> {
  const { name, moved, several } = of;
  if (moved.outcome === 'failed') {
    await err.line(errorLines(moved.error, err).join('\n'));
    return;
  }
  const title = out.colours.bold(out.safe(name));
  const where = several ? ` on ${moved.platform}` : '';
  const from = moved.from === undefined ? '' : ` (from v${out.safe(moved.from)})`;
  const gate = moved.gate === undefined ? '' : `, passed by the gate ${out.safe(moved.gate)}`;
  await out.line(
    moved.outcome === 'moved'
      ? `${title}${where}: ${out.safe(moved.label)} is v${out.safe(moved.to)} now${from}${gate}`
      : `${title}${where}: ${out.safe(moved.label)} is v${out.safe(moved.to)} already`,
  );
}
