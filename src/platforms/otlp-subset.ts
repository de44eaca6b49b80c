/**
 * The spans of a stored body that have one of these ids. Spans keep their bytes: a JSON text that this process wrote comes back
 * the same from a parse and a print.
 */
export function onlySpans(body: string, spanIds: ReadonlySet<string>): string {
  const spans = JSON.parse(body) as readonly { readonly spanId: string }[];
  return JSON.stringify(spans.filter((span) => spanIds.has(span.spanId)));
}
