import type { Sink } from '../../io/sink.js';
import type { CheckResult } from './check.js';

/** The looks for people, their findings under each other. */
export function checksText(
  checks: readonly CheckResult[],
  sink: Pick<Sink, 'colours' | 'safe'>,
): string {
  const nameWidth = Math.max(...checks.map(({ name }) => name.length));
  return checks.map((check) => checkText(check, sink, nameWidth)).join('\n');
}

/** One look: a line with its mark, then details, problems and what to do. */
function checkText(
  check: CheckResult,
  { colours, safe }: Pick<Sink, 'colours' | 'safe'>,
  nameWidth: number,
): string {
  const marks: Readonly<Record<CheckResult['state'], string>> = {
    ok: colours.green('✔'),
    warn: colours.yellow('⚠'),
    fail: colours.red('✖'),
    skip: colours.dim('–'),
  };
  const lines = [
    `${marks[check.state]} ${colours.bold(safe(check.name).padEnd(nameWidth))} ${safe(check.found)}`,
  ];
  const indent = ' '.repeat(nameWidth + 3);
  for (const line of check.details ?? []) lines.push(colours.dim(`${indent}${safe(line)}`));
  for (const { at, message, mend } of check.problems ?? []) {
    lines.push(`${indent}- ${safe(at)}: ${safe(message)}`);
    if (mend !== undefined) lines.push(`${indent}  ${colours.cyan('→')} ${safe(mend)}`);
  }
  if (check.mend !== undefined) lines.push(`${indent}${colours.cyan('→')} ${safe(check.mend)}`);
  return lines.join('\n');
}
