import type { Sink } from './io/sink.js';

/** One line of a worker's log (pino's JSON), as far as it is shown. */
export interface LogLine {
  readonly level: number;
  readonly time: number | undefined;
  readonly pid: number | undefined;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Levels of pino. */
export const warnLevel = 40;
const errorLevel = 50;

const own = new Set(['level', 'time', 'pid', 'msg', 'hostname', 'v']);

/** Reads a line; undefined for what is no line of pino (a crash of the engine itself writes plain text). */
export function parseLogLine(line: string): LogLine | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const record = parsed as Readonly<Record<string, unknown>>;
  const { level, time, pid, msg } = record;
  if (typeof level !== 'number') return undefined;
  return {
    level,
    time: typeof time === 'number' ? time : undefined,
    pid: typeof pid === 'number' ? pid : undefined,
    message: typeof msg === 'string' ? msg : '',
    fields: Object.fromEntries(Object.entries(record).filter(([name]) => !own.has(name))),
  };
}

/** A short line for people: `12:03:04 warn  [4711] message key=value`. */
export function prettyLogLine(line: string, sink: Pick<Sink, 'colours' | 'safe'>): string {
  const { colours, safe } = sink;
  const parsed = parseLogLine(line);
  if (parsed === undefined) return safe(line);
  const time = new Date(parsed.time ?? Date.now()).toISOString().slice(11, 19);
  const fields = Object.entries(parsed.fields).map(
    ([name, value]) =>
      `${safe(name)}=${safe(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  const text = [
    colours.dim(time),
    levelText(parsed.level, colours),
    ...(parsed.pid === undefined ? [] : [colours.dim(`[${parsed.pid}]`)]),
    safe(parsed.message),
    colours.dim(fields.join(' ')),
  ];
  return text.join(' ').trimEnd();
}

function levelText(level: number, colours: Sink['colours']): string {
  if (level >= errorLevel) return colours.red(level > errorLevel ? 'fatal' : 'error');
  if (level >= warnLevel) return colours.yellow('warn ');
  return level < 30 ? colours.dim('debug') : 'info ';
}
