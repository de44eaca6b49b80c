import { Option, type Command } from 'commander';

import type { GateRecord } from '../../client/gate.js';
import { jsonText } from '../io/json-text.js';
import { terminalText } from '../../core/text/escape/terminal.js';
import type { Cli, Registration } from '../cli.js';
import type { Sink } from '../io/sink.js';
import { renderTable } from '../io/table.js';
import { positiveNumber } from '../option-values.js';
import { registerGateCompare, registerGateRun } from './gate-run.js';
import { gateText } from './gate-text.js';

/** `assay gate …` */
export function registerGate(program: Command, registration: Registration): void {
  const group = program
    .command('gate')
    .description('Say whether a target got worse: pass, regress or inconclusive')
    .addHelpText(
      'after',
      `
Examples:
  $ assay gate run --dataset support-tickets --target triage-v2
  $ assay gate run --dataset support-tickets --target triage-v2 --base-target triage-v1
  $ assay gate compare nightly-2026-11-21 --baseline release-4`,
    );
  registerGateRun(group, registration);
  registerGateCompare(group, registration);
  registerShow(group, registration);
  registerList(group, registration);
}

function registerShow(group: Command, { handle }: Registration): void {
  const command = group
    .command('show')
    .description('Print the verdict of a gate that was decided')
    .argument('<name>', 'the name of the gate')
    .addOption(
      new Option('--format <form>', 'default text; json with --json').choices([
        'text',
        'markdown',
        'json',
      ]),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ assay gate show pr-7
  $ assay gate show pr-7 --format markdown | gh pr comment 7 --body-file -`,
    );
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    const { format = cli.json ? 'json' : 'text' } = command.opts<{ format?: string }>();
    await cli.withClient(async (client) => {
      if (format === 'markdown') {
        await cli.out.write(terminalText(await client.gates.markdown(key)));
      } else {
        const report = await client.gates.report(key);
        await cli.out.line(format === 'json' ? jsonText(report) : gateText(report, cli.out));
      }
    });
  });
}

function registerList(group: Command, { handle }: Registration): void {
  const command = group
    .command('list')
    .description('List the gates of the project, the newest first')
    .option('--limit <n>', 'at most so many', positiveNumber, 20)
    .addHelpText(
      'after',
      `
Examples:
  $ assay gate list
  $ assay gate list --json | jq -r '.gates[] | [.name, .verdict] | @tsv'`,
    );
  handle(command, async (cli) => {
    const project = await cli.project();
    const { limit } = command.opts<{ limit: number }>();
    const gates = await cli.withClient((client) => client.gates.list({ project, limit }));
    await tellGates(cli, gates);
  });
}

async function tellGates(cli: Cli, gates: readonly GateRecord[]): Promise<void> {
  if (cli.json) await cli.out.line(jsonText({ gates }));
  else if (gates.length === 0) await cli.err.line('No gates.');
  else await cli.out.line(listText(gates, cli.out));
}

function listText(gates: readonly GateRecord[], { safe }: Sink): string {
  return renderTable(
    [
      { heading: 'Name' },
      { heading: 'Verdict' },
      { heading: 'Head' },
      { heading: 'Base' },
      { heading: 'Created' },
    ],
    gates.map(({ name, verdict, status, error, plan, createdAt }) => [
      safe(name),
      verdict ?? (error === undefined ? status : `${status}: ${error.code}`),
      safe(plan?.head.name ?? '—'),
      safe(plan?.base.name ?? '—'),
      createdAt.slice(0, 19).replace('T', ' '),
    ]),
  );
}
