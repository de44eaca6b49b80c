import type { TracedSpan, TracedSpanKind } from '../../contracts/records.js';
import type { JsonObject } from '../../core/json/json.js';

/** What a convention knows of a span, of the fields that it names. */
export type SpanFields = Partial<
  Omit<TracedSpan, 'path' | 'parent' | 'name' | 'startedAt' | 'endedAt' | 'metadata'>
> & { readonly metadata?: JsonObject };

const kinds: ReadonlySet<string> = new Set<TracedSpanKind>([
  'span',
  'generation',
  'embedding',
  'tool',
  'retriever',
  'agent',
  'chain',
  'evaluator',
  'guardrail',
  'event',
]);

export const isKind = (text: string): text is TracedSpanKind => kinds.has(text);

/** The members that are there. */
export function present<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as never;
}
