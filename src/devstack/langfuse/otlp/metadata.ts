import type { AttributeValue, Attributes } from './attributes.js';
import { asText, objectOf } from './attributes.js';

const prefixes = ['langfuse.observation.metadata', 'langfuse.trace.metadata'] as const;
// Inputs and outputs are kept as such; the rest of a foreign span is flattened into its metadata.
const notLeftOver =
  /^(?:langfuse\.|gen_ai\.(?:prompt|completion|input|output)(?:$|\.messages)|user\.id$|session\.id$)/;

/** The metadata of a span as the server keeps it: a flat map of text. */
export function metadataOf(parts: {
  attributes: Attributes;
  resource: Attributes;
  scope: { readonly name?: string; readonly version?: string } | undefined;
}): Record<string, string> {
  const { attributes, resource, scope } = parts;
  const metadata: Record<string, string> = {};
  const foreign = scope?.name?.startsWith('langfuse') !== true;
  for (const [key, value] of attributes) {
    const own = ownKey(key);
    if (own !== undefined) metadata[own] = text(value);
    else if (foreign && !notLeftOver.test(key)) metadata[`attributes.${key}`] = text(value);
  }
  for (const prefix of prefixes)
    for (const [key, value] of Object.entries(objectOf(attributes, prefix) ?? {}))
      metadata[key] = text(value as AttributeValue);
  if (scope?.version) metadata['scope.version'] = scope.version;
  if (scope?.name) metadata['scope.name'] = scope.name;
  for (const [key, value] of resource) metadata[`resourceAttributes.${key}`] = text(value);
  return metadata;
}

function ownKey(key: string): string | undefined {
  for (const prefix of prefixes)
    if (key.startsWith(`${prefix}.`)) return key.slice(prefix.length + 1);
  return undefined;
}

const text = (value: AttributeValue): string => (value === null ? '' : asText(value));
