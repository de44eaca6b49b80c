import { Ajv } from 'ajv';
import type { AnySchema } from 'ajv';

/** Whether the value is a schema that can be compiled. */
export function isJsonSchema(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  try {
    newAjv().compile(value);
    return true;
  } catch {
    return false;
  }
}

/** The text of what is wrong with the value by the schema; undefined when nothing is. */
export function schemaViolation(schema: unknown, value: unknown): string | undefined {
  if (schema === null || schema === undefined) return undefined;
  const validate = newAjv().compile(schema as AnySchema);
  if (validate(value)) return undefined;
  return (validate.errors ?? [])
    .map((error) => `${error.instancePath} ${error.message ?? error.keyword}`.trim())
    .join(', ');
}

// One instance per use: compiled schemas of users would pile up in a shared one.
const newAjv = () => new Ajv({ strict: false, allErrors: true, validateFormats: false });
