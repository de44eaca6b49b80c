/** GitHub takes 65,536 characters in a comment; a pipeline may put a line or two of its own around the verdict. */
const mostCharacters = 60_000;

/** The lines as one text that fits into a comment: what would be too much is left out before the last line, and said. */
export function boundedText(lines: readonly string[], most: number = mostCharacters): string {
  const whole = `${lines.join('\n')}\n`;
  if (whole.length <= most) return whole;
  const last = lines.at(-1) ?? '';
  const left = (n: number): string => `_${n} lines are left out here: gate.json has all of it._`;
  // A line that alone is too long is left out, and the ones after it still tell what they can.
  let room = most - last.length - left(lines.length).length - 8;
  const kept = lines.slice(0, -1).filter((line) => {
    if (line.length + 1 > room) return false;
    room -= line.length + 1;
    return true;
  });
  return `${[...kept, '', left(lines.length - 1 - kept.length), '', last].join('\n')}\n`;
}
