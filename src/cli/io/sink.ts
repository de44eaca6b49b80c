import type { Writable } from 'node:stream';
import picocolors from 'picocolors';

import { ciText } from '../../core/text/escape/ci-command.js';
import { terminalLine, terminalText } from '../../core/text/escape/terminal.js';

export type Colours = ReturnType<typeof picocolors.createColors>;

/** Where a command writes: stdout or stderr, as a terminal, a pipe or a file. */
export interface Sink {
  /** A terminal that can move its cursor. */
  readonly isTerminal: boolean;
  /** 160 where there is no terminal: other tools cut lines for themselves. */
  readonly columns: number;
  /** Do nothing where colours are off. */
  readonly colours: Colours;
  /** Resolves when there is room for more; false once the reader has gone (`| head`), which is no failure. */
  write(text: string): Promise<boolean>;
  /** {@link write} with a line end. */
  line(text?: string): Promise<boolean>;
  /** Untrusted text as one line that neither a terminal nor a CI runner obeys. */
  readonly safe: (text: string) => string;
  /** The same with its line ends kept. */
  readonly safeText: (text: string) => string;
  /** A sentence of ours whose commands (`assay …` in backticks) are as this CLI was called. */
  readonly asCalled: (sentence: string) => string;
}

/** A stream of the process, as far as a sink needs it. */
export type SinkStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface SinkSettings {
  /** False for `--no-color`. */
  readonly colour: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How the CLI was called, without the command. Default `assay`. */
  readonly call?: string;
}

/** Makes a sink of a stream; takes over its errors. */
export function createSink(stream: SinkStream, settings: SinkSettings): Sink {
  const { call = 'assay' } = settings;
  const { NO_COLOR, TERM } = settings.environment;
  const isTerminal = stream.isTTY === true && TERM !== 'dumb';
  // https://no-color.org: present and not empty.
  const coloured = isTerminal && settings.colour && (NO_COLOR === undefined || NO_COLOR === '');
  // What is no terminal may be the log of a CI job, whose runner obeys lines such as `::error::`.
  const guard = (text: string): string => (isTerminal ? text : ciText(text));
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough closes the pipe. A disk that is full is worth an exit code, but nobody can be told.
    gone = true;
    if (error.code !== 'EPIPE') process.exitCode = 5;
  });
  const write = async (text: string): Promise<boolean> => {
    if (gone) return false;
    if (!stream.write(text)) await drained(stream);
    return !isGone();
  };
  // Changed by the listener while `write` waits, which the compiler cannot see.
  const isGone = (): boolean => gone;
  return {
    isTerminal,
    get columns() {
      return stream.columns ?? 160;
    },
    colours: picocolors.createColors(coloured),
    write,
    line: (text = '') => write(`${text}\n`),
    safe: (text) => guard(terminalLine(text)),
    safeText: (text) => guard(terminalText(text)),
    asCalled: (sentence) => sentence.replaceAll(/`assay (?=[a-z])/g, () => `\`${call} `),
  };
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'error', 'close']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'error', 'close']) stream.once(event, done);
  });
}
