/** The fields of a cron expression, from the left; days of the week from Sunday, 0 or 7. */
const fields = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of the month', min: 1, max: 31, names: [] },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  {
    name: 'day of the week',
    min: 0,
    max: 7,
    names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
  },
] as const;

const aliases = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly']);

/**
 * What is wrong with a cron expression of five fields, such as `30 2 * * 1-5`; undefined where it can be used. Temporal's server
 * would refuse some of these with words of its own and take others (six fields: then the last is a year) for something else.
 */
export function cronProblem(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith('@')) {
    return aliases.has(trimmed) ? undefined : `"${trimmed}" is none of ${[...aliases].join(', ')}`;
  }
  const parts = trimmed.split(/\s+/);
  if (parts.length !== fields.length) {
    return `has ${trimmed === '' ? 0 : parts.length} fields instead of five: minute, hour, day, month, day of the week`;
  }
  for (const [at, field] of fields.entries()) {
    for (const term of (parts[at] ?? '').toLowerCase().split(',')) {
      const problem = termProblem(term, field);
      if (problem !== undefined) return `the ${field.name} "${parts[at] ?? ''}" ${problem}`;
    }
  }
  return undefined;
}

type Field = (typeof fields)[number];

/** `*`, `5`, `mon`, `1-5`, each with an optional step: `*\/15`. */
function termProblem(term: string, field: Field): string | undefined {
  const [range = '', step, ...rest] = term.split('/');
  if (rest.length > 0) return 'has more than one step';
  if (step !== undefined && !(/^\d{1,3}$/.test(step) && Number(step) > 0)) {
    return 'has a step that is no number above 0';
  }
  if (range === '*') return undefined;
  const ends = range.split('-');
  if (ends.length > 2) return 'is no range';
  const values = ends.map((end) => valueOf(end, field));
  const [low, high = low] = values;
  if (low === undefined || values.includes(undefined) || high === undefined) {
    return `is not made of numbers from ${field.min} to ${field.max}`;
  }
  return low > high ? 'begins after its end' : undefined;
}

function valueOf(text: string, { min, max, names }: Field): number | undefined {
  const named = (names as readonly string[]).indexOf(text);
  const value = named >= 0 ? named + min : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

/** Whether a text is the name of a time zone that this machine knows, such as `Europe/Berlin`. */
export function isTimeZone(text: string): boolean {
  // Offsets such as `+01:00` are known here and not to Temporal's server.
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
