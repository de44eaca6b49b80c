import type { MoveReport } from '../../contracts/platform-migration.js';
import { shellWord, type Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { moveLine } from './move-line.js';

/** The shortest time between two lines of a log. */
const lineEveryMs = 5_000;

/** Shows how a move stands whenever that has changed: on a terminal at once, else every few seconds. */
export function progressLine({ err, json }: Cli): (report: MoveReport) => void {
  let told = { at: Number.NEGATIVE_INFINITY, text: '' };
  return (report) => {
    const text = moveLine(report);
    const now = performance.now();
    const every = err.isTerminal && !json ? 0 : lineEveryMs;
    if (text === told.text || now - told.at < every) return;
    told = { at: now, text };
    void err.line(err.safe(text));
  };
}

/** Says that the move goes on, and how to come back to it. */
export async function tellDetached(
  cli: Cli,
  { project, name }: { readonly project: string; readonly name: string },
): Promise<void> {
  if (cli.json) {
    await cli.out.line(jsonText({ event: 'detached', project, name }));
    return;
  }
  const command = (verb: string): string =>
    cli.err.safe(cli.hint(`migrate ${verb} ${shellWord(name)}`));
  await cli.err.line('\nDetached: the move goes on by itself.');
  await cli.err.line(`  See:       ${command('status')}`);
  await cli.err.line(`  End it:    ${command('cancel')}`);
  await cli.err.line('  Come back: the same command again');
}
