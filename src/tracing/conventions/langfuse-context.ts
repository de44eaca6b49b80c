import { createContextKey, type Context, type Span } from '@opentelemetry/api';

/**
 * What `propagateAttributes` of `@langfuse/tracing` leaves in the context for the spans within: only Langfuse's own span
 * processor reads it there, and that one is not asked here.
 * Source: `LangfuseOtelContextKeys` of `@langfuse/core` 5.11; its package is too heavy to load for a few keys.
 */
const propagated = [
  ['user.id', createContextKey('langfuse_user_id')],
  ['session.id', createContextKey('langfuse_session_id')],
  ['langfuse.version', createContextKey('langfuse_version')],
  ['langfuse.trace.tags', createContextKey('langfuse_tags')],
  ['langfuse.observation.prompt.name', createContextKey('langfuse_prompt_name')],
  ['langfuse.observation.prompt.version', createContextKey('langfuse_prompt_version')],
] as const;

const metadataKey = createContextKey('langfuse_metadata');

/** Puts on a span what its context holds for all spans in it. */
export function addPropagated(span: Span, active: Context): void {
  for (const [attribute, key] of propagated) {
    const value = active.getValue(key);
    if (isAttribute(value)) span.setAttribute(attribute, value);
  }
  const metadata = active.getValue(metadataKey);
  if (typeof metadata !== 'object' || metadata === null) return;
  for (const [key, value] of Object.entries(metadata)) {
    if (isAttribute(value)) span.setAttribute(`langfuse.trace.metadata.${key}`, value);
  }
}

const isAttribute = (value: unknown): value is string | number | string[] =>
  typeof value === 'string' ||
  typeof value === 'number' ||
  (Array.isArray(value) && value.every((each) => typeof each === 'string'));
