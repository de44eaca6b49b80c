import type { OtlpAttribute, OtlpValue } from './export-request.js';

export type AttributeValue = string | number | boolean | null | readonly unknown[] | object;
export type Attributes = ReadonlyMap<string, AttributeValue>;

/** Attributes as a map of plain values; of a key given twice the last one wins, as on the real server. */
export function readAttributes(list: readonly OtlpAttribute[] | undefined | null): Attributes {
  const map = new Map<string, AttributeValue>();
  for (const { key, value } of list ?? []) if (key !== undefined) map.set(key, plain(value));
  return map;
}

function plain(value: OtlpValue | null | undefined): AttributeValue {
  if (value === null || value === undefined) return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.doubleValue !== undefined) return value.doubleValue;
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plain);
  if (value.kvlistValue !== undefined)
    return Object.fromEntries(readAttributes(value.kvlistValue.values));
  return value.bytesValue ?? null;
}

/** The first of the keys that has a value, as text: strings as they are, the rest as JSON. */
export function textOf(attributes: Attributes, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes.get(key);
    if (value !== undefined && value !== null) return asText(value);
  }
  return undefined;
}

export function asText(value: AttributeValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The JSON object in the attribute; undefined when it is none. */
export function objectOf(
  attributes: Attributes,
  key: string,
): Readonly<Record<string, unknown>> | undefined {
  const value = attributes.get(key);
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    ? (parsed as Record<string, unknown>)
    : undefined;
}

/** Parsed JSON, or undefined where the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
