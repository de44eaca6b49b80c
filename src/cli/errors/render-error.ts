import { AssayError, toErrorDocument, type ErrorDocument } from '../../core/errors/assay-error.js';
import { catalogueEntry, isErrorCode } from '../../core/errors/catalogue.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';

/** The exit code of whatever was thrown; 70 for what is not ours. */
export function exitCodeOf(error: unknown): number {
  return AssayError.is(error) ? error.entry.exit : catalogueEntry('INTERNAL').exit;
}

/** An error for people: title, code, message, every problem with its place and mend, and what to do. */
export function errorLines(
  document: ErrorDocument,
  sink: Pick<Sink, 'colours' | 'safe' | 'safeText' | 'asCalled'>,
): readonly string[] {
  const { colours, safe, safeText, asCalled } = sink;
  const code = isErrorCode(document.code) ? document.code : 'INTERNAL';
  const indented = (text: string): readonly string[] =>
    safeText(text)
      .split('\n')
      .map((line) => `  ${line}`);
  const [first] = document.problems;
  const said = document.message;
  // Some messages only say the title again, or what the first problem says; that is below.
  const again = said === `${document.title}.` || said === `${first?.at}: ${first?.message}`;
  const lines = [
    `${colours.red('✖')} ${colours.bold(safe(document.title))} ${colours.dim(`(${code})`)}`,
    ...(again ? [] : indented(said)),
  ];
  for (const { at, message, mend } of document.problems) {
    lines.push(`  - ${colours.bold(safe(at))}: ${safe(message)}`);
    if (mend !== undefined) lines.push(`    ${colours.cyan('→')} ${safe(asCalled(mend))}`);
  }
  if (document.mend !== undefined)
    lines.push(`  ${colours.cyan('→')} ${safe(asCalled(document.mend))}`);
  if (document.retryAfterMs !== undefined) {
    lines.push(`  It can succeed after ${Math.ceil(document.retryAfterMs / 1_000)} s.`);
  }
  return lines;
}

/** The stack of an error and of its causes, for ASSAY_DEBUG. */
function stackLines(error: unknown, sink: Pick<Sink, 'safeText'>): readonly string[] {
  const lines: string[] = [];
  let current = error;
  for (let depth = 0; current !== undefined && depth < 5; depth += 1) {
    const text =
      current instanceof Error ? (current.stack ?? current.message) : JSON.stringify(current);
    lines.push(`${depth === 0 ? '' : 'caused by '}${sink.safeText(text)}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return lines;
}

/** Prints an error: for people on stderr, with `--json` as `{"error": …}` on stdout. Returns the exit code. */
export async function reportError(
  error: unknown,
  to: {
    readonly out: Sink;
    readonly err: Sink;
    readonly json: boolean;
    readonly debug: boolean;
  },
): Promise<number> {
  const document = toErrorDocument(error);
  if (to.json) await to.out.line(jsonText({ error: document }));
  else await to.err.line(errorLines(document, to.err).join('\n'));
  if (to.debug) await to.err.line(stackLines(error, to.err).join('\n'));
  else if (!AssayError.is(error)) {
    await to.err.line('  Set ASSAY_DEBUG=1 to see where it came from.');
  }
  return exitCodeOf(error);
}
