/** The place of an evaluator's calls in the trace of its cell, see `CallRecord.path`. */
export function judgePath(evaluator: string): string {
  return `judge:${evaluator}`;
}

/** A path as a later judgement of the cell keeps it, so that it is none of those of before. */
export function pathInPass(pass: number, path: string): string {
  return `pass:${pass}/${path}`;
}

/** A path without the pass that it was kept for. */
export function pathWithoutPass(path: string): string {
  return path.replace(/^pass:\d+\//u, '');
}

/** The evaluator that a call was made for; undefined for one of the target. */
export function evaluatorOfPath(path: string): string | undefined {
  const [place = ''] = pathWithoutPass(path).split('/');
  return place.startsWith('judge:') ? place.slice('judge:'.length) : undefined;
}

/** A call or a span at another place, and below what is above it there. */
export function placed<At extends { readonly path: string; readonly parent?: string }>(
  at: At,
  to: (path: string) => string,
): At {
  const { path, parent } = at;
  return { ...at, path: to(path), ...(parent === undefined ? {} : { parent: to(parent) }) };
}
