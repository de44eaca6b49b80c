import type { Command } from 'commander';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import type { AssayClient } from '../../client/assay-client.js';
import type { GateReport } from '../../client/gate.js';
import type { ExperimentSpecInput } from '../../contracts/experiment-spec.js';
import type { GateRequestInput } from '../../contracts/gate-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { shellWord, type Cli, type Registration } from '../cli.js';
import { freshExperimentName } from '../experiment-name.js';
import { listenForInterrupt } from '../interrupt.js';
import { jsonText } from '../io/json-text.js';
import { requireSameProject } from '../same-project.js';
import { showProgress } from '../progress/show-progress.js';
import { durationMs } from '../option-values.js';
import { specOf, usualPriority } from './experiment-run.js';
import {
  baseOf,
  settingsOf,
  withBaseOptions,
  withPolicyOptions,
  withRunOptions,
  type BaseOptions,
  type GateRunOptions,
  type PolicyOptions,
} from './gate-options.js';
import { gateText, verdictExitCode } from './gate-text.js';

/** What is done with a verdict. */
interface OutcomeOptions {
  readonly markdown?: string;
  readonly timeout?: number;
  readonly detach?: boolean;
}

const exitCodes = `
Exit codes: 0 pass, 10 regress, 11 inconclusive (0 with --inconclusive pass), and those of errors: 2 what was asked is wrong,
3 not there, 4 stale or in conflict, 5 something is unreachable, 6 a run did not end well.`;

/** `assay gate run` */
export function registerGateRun(group: Command, { handle }: Registration): void {
  const command = withOutcomeOptions(
    withPolicyOptions(
      withBaseOptions(
        withRunOptions(
          group.command('run').description('Run a target and compare it with a base'),
          { usualPriority: 'interactive at a terminal, ci under CI' },
        ).option('--name <name>', 'of the gate and its run; the same name again is the same gate'),
      ).option('--base-target <name>', 'run this target as well, and compare with it'),
    ),
  )
    .option('--detach', 'return once the gate is accepted')
    .addHelpText(
      'after',
      `
Examples:
  $ assay gate run --dataset support-tickets --target triage-v2
  $ assay gate run --dataset support-tickets --target triage-v2 --baseline release-4 --margin 0.03
  $ assay gate run --dataset support-tickets --target triage-v2 --base-target triage-v1 --max-cost-growth 10%
  $ assay gate run --dataset support-tickets --target triage-v2 --early-stop
  $ assay gate run --dataset support-tickets --target triage-v2 --backend both
  $ assay gate run --dataset support-tickets --target triage-v2 --name "pr-$PR-$SHA" --markdown gate.md
${exitCodes}
With --early-stop a base that is run as well is run first, and cells that would change nothing are skipped.
Ctrl-C stops watching, not the gate.`,
    );
  handle(command, async (cli) => {
    const options = command.opts<GateRunOptions & OutcomeOptions>();
    const project = await cli.project();
    const spec = headSpec(cli, project, options);
    return follow(
      cli,
      {
        project,
        name: spec.name,
        head: { kind: 'start', spec },
        base: baseOf(options),
        settings: settingsOf(options),
      },
      options,
    );
  });
}

/** The run of the head, as urgent as it would be if it were asked for by itself. */
export function headSpec(
  cli: Pick<Cli, 'environment' | 'err'>,
  project: string,
  options: GateRunOptions,
): ExperimentSpecInput {
  const { target, dataset } = options;
  // Shorter than that of a run: the run of the base has the same name and some characters more.
  const fresh = freshExperimentName(target.slice(0, 80), dataset.slice(0, 80));
  const { name = fresh, priority = usualPriority(cli) } = options;
  return specOf(project, { ...options, name, priority });
}

/** `assay gate compare` */
export function registerGateCompare(group: Command, { handle }: Registration): void {
  const command = withOutcomeOptions(
    withPolicyOptions(
      withBaseOptions(
        group
          .command('compare')
          .description('Compare a run that has ended with a base; nothing is run')
          .argument('<run>', 'the name of the run'),
      ),
    ),
  )
    .option('--publish', 'write the verdict to the report of the run and to the platform')
    .addHelpText(
      'after',
      `
Examples:
  $ assay gate compare nightly-2026-11-21 --baseline release-4
  $ assay gate compare triage-v2-run --base triage-v1-run --slice /input/language
${exitCodes}`,
    );
  handle(command, async (cli) => {
    const options = command.opts<
      BaseOptions & PolicyOptions & OutcomeOptions & { publish?: boolean }
    >();
    const run = command.args[0] ?? '';
    const request: GateRequestInput = {
      project: await cli.project(),
      name: freshExperimentName('compare', run.slice(0, 150)),
      head: { kind: 'run', name: run },
      base: baseOf(options),
      settings: settingsOf(options),
      publish: options.publish === true,
    };
    return follow(cli, request, options);
  });
}

const withOutcomeOptions = (command: Command): Command =>
  command
    .option('--markdown <file>', 'write the verdict as markdown, for a comment on a pull request')
    .option(
      '--timeout <time>',
      'wait no longer than this, as 30m or 2h; the gate goes on',
      durationMs,
    );

/** Has a gate decided and tells the verdict. @returns the exit code. */
async function follow(
  cli: Cli,
  request: GateRequestInput,
  options: OutcomeOptions,
): Promise<number> {
  const interrupt = listenForInterrupt();
  const { signal } = interrupt;
  let accepted = false;
  try {
    return await cli.withClient(async (client) => {
      // What has run already stands where it stands.
      if (request.head.kind === 'start' && request.head.spec.trace !== 'none') {
        const { backend } = request.head.spec;
        await requireSameProject(cli, client, { project: request.project, backend });
      }
      const gate = await client.gates.start(request);
      accepted = true;
      if (!cli.json) {
        const what = gate.status === 'decided' ? 'was decided' : 'started';
        await cli.err.line(`${cli.err.colours.bold(cli.err.safe(gate.name))} ${what}`);
      }
      if (options.detach === true) {
        if (cli.json) await cli.out.line(jsonText({ event: 'started', gate }));
        return 0;
      }
      const report = await watch(cli, { client, request, signal, timeoutMs: options.timeout });
      return await tell(cli, report, options);
    });
  } catch (error) {
    if (!signal.aborted || AssayError.is(error)) throw error;
    await tellDetached(cli, request, accepted);
    return interrupt.exitCode;
  } finally {
    interrupt.dispose();
  }
}

async function watch(
  cli: Cli,
  on: {
    readonly client: AssayClient;
    readonly request: GateRequestInput;
    readonly signal: AbortSignal;
    readonly timeoutMs: number | undefined;
  },
): Promise<GateReport> {
  const { client, request, signal, timeoutMs } = on;
  const display = cli.json ? undefined : showProgress(cli);
  let lastLook = Number.NEGATIVE_INFINITY;
  try {
    return await client.gates.wait(request, {
      signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      onProgress: async ({ plan, status }) => {
        if (display === undefined || status !== 'running' || plan?.head.spec === undefined) return;
        if (performance.now() - lastLook < 1_000) return;
        lastLook = performance.now();
        const { project } = request;
        // Its run may not be there yet; how far it is holds up no verdict.
        const head = await client.experiments
          .get({ project, name: plan.head.name })
          .catch(() => undefined);
        if (head !== undefined) display.update(head);
      },
    });
  } finally {
    display?.stop();
  }
}

async function tell(cli: Cli, report: GateReport, options: OutcomeOptions): Promise<number> {
  const exitCode = verdictExitCode(report);
  if (options.markdown !== undefined) {
    const { gateMarkdown } = await import('../../core/gate/markdown.js');
    const file = resolve(cli.cwd, options.markdown);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, gateMarkdown(report));
  }
  await cli.out.line(
    cli.json ? jsonText({ verdict: report.verdict, exitCode, report }) : gateText(report, cli.out),
  );
  return exitCode;
}

async function tellDetached(
  cli: Cli,
  { project, name }: GateRequestInput,
  accepted: boolean,
): Promise<void> {
  if (cli.json) {
    await cli.out.line(jsonText({ event: 'detached', project, name, accepted: accepted || null }));
    return;
  }
  const { err } = cli;
  const command = err.safe(cli.hint(`gate show ${shellWord(name)}`));
  await err.line(
    accepted
      ? '\nDetached: the gate goes on by itself.'
      : '\nLeft before the gate was accepted; it may have been started all the same.',
  );
  await err.line(`  Come back:  ${err.colours.cyan(command)}`);
}
