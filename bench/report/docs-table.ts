import type { BenchResult, Figure } from './figures.js';

/**
 * Puts figures into the rows of docs/benchmarks.md that begin with their names: value, goal, runs and machine are
 * replaced, the last column (what limits the figure) stays as people wrote it. Rows of other figures stay as they are.
 *
 * @throws Error where a figure has no row.
 */
export function updateTable(markdown: string, { figures, machine, runs }: BenchResult): string {
  const lines = markdown.split('\n');
  for (const [name, figure] of Object.entries(figures)) {
    const at = lines.findIndex((line) => line.startsWith(`| \`${name}\``));
    const line = lines[at];
    if (line === undefined) throw new Error(`docs/benchmarks.md has no row for ${name}`);
    const limit = line.split('|').slice(5, -1).join('|').trim();
    const cells = [
      `\`${name}\``,
      valueText(figure),
      goalText(figure),
      `${runs}, ${machine.cores} cores, ${machine.memGiB} GiB, Node ${machine.node}`,
      limit,
    ];
    lines[at] = `| ${cells.join(' | ')} |`;
  }
  return lines.join('\n');
}

function valueText({ value, unit, parts }: Figure): string {
  if (parts === undefined) return `${value} ${unit}`;
  const made = Object.entries(parts).map(([name, part]) => `${name} ${part}`);
  return `${value} ${unit} (${made.join(', ')})`;
}

function goalText({ goal, met }: Figure): string {
  if (goal === undefined) return 'reported';
  return `${goal}, ${met === true ? 'met' : 'missed'}`;
}
