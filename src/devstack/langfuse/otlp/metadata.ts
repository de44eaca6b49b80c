import type { AttributeValue, Attributes } from './attributes.js';
import { asText, objectOf } from './attributes.js';

const prefixes = ['langfuse.observation.metadata', 'langfuse.trace.metadata'] as const;
type Prefix = (typeof prefixes)[number];
// Inputs and outputs are kept as such; the rest of a foreign span is flattened into its metadata.
const notLeftOver =
  /^(?:langfuse\.|gen_ai\.(?:prompt|completion|input|output)(?:$|\.messages)|user\.id$|session\.id$)/;

export interface MetadataParts {
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly scope: { readonly name?: string; readonly version?: string } | undefined;
}

/** The metadata of a span as the server keeps it: a flat map of text. */
export function metadataOf(parts: MetadataParts): Record<string, string> {
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

/** The metadata that a client itself gave for the observation, the trace, or both. */
export function ownMetadata(
  attributes: Attributes,
  wanted: readonly Prefix[] = prefixes,
): Record<string, AttributeValue> {
  const metadata: Record<string, AttributeValue> = {};
  for (const [key, value] of attributes) {
    const own = ownKey(key, wanted);
    if (own !== undefined) metadata[own] = value;
  }
  for (const prefix of wanted) Object.assign(metadata, objectOf(attributes, prefix));
  return metadata;
}

/** The metadata of a span as a v3 server keeps it: the client's own, and what is left over, nested. */
export function nestedMetadata(
  { attributes, resource, scope }: MetadataParts,
  wanted: readonly Prefix[],
): Record<string, unknown> {
  const foreign = scope?.name?.startsWith('langfuse') !== true;
  const left = [...attributes].filter(
    ([key]) => ownKey(key) === undefined && !notLeftOver.test(key),
  );
  return {
    ...ownMetadata(attributes, wanted),
    ...(foreign ? { attributes: Object.fromEntries(left) } : {}),
    resourceAttributes: Object.fromEntries(resource),
    scope: { ...scope, attributes: {} },
  };
}

function ownKey(key: string, wanted: readonly Prefix[] = prefixes): string | undefined {
  for (const prefix of wanted)
    if (key.startsWith(`${prefix}.`)) return key.slice(prefix.length + 1);
  return undefined;
}

const text = (value: AttributeValue): string => (value === null ? '' : asText(value));
