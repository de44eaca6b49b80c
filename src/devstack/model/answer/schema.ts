/** A JSON schema as it came from the caller: anything may stand in it. */
export type Schema = Readonly<Record<string, unknown>>;

/** Whoever knows what to put into the leaves of a schema. */
export interface Answerer {
  choose(name: string, labels: readonly string[]): string;
  text(name: string): string;
  /** Within [minimum, maximum]; a whole number is rounded by the caller. */
  number(name: string, range: { readonly minimum: number; readonly maximum: number }): number;
  truth(name: string): boolean;
  /** The texts of a list; undefined when it has nothing to list under this name. */
  list(name: string): readonly string[];
  /** One answerer for each entry of a list of objects. */
  entries(name: string): readonly Answerer[];
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise;

const strings = (values: readonly unknown[]): readonly string[] =>
  values.filter((value) => typeof value === 'string');

const maxDepth = 24;

/** A reference of the form `#/$defs/x`, resolved; anything else is read as it stands. */
const resolve = (schema: Schema, root: Schema): Schema => {
  const reference = schema['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith('#')) return schema;
  let at: unknown = root;
  for (const step of reference.split('/').slice(1))
    at = isSchema(at) ? at[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  return isSchema(at) ? at : {};
};

const merged = (schema: Schema, root: Schema): Schema => {
  const parts = schema['allOf'];
  if (!Array.isArray(parts)) return schema;
  const properties: Record<string, unknown> = {};
  let all: Schema = schema;
  for (const part of [schema, ...parts.filter(isSchema).map((each) => resolve(each, root))]) {
    all = { ...all, ...part };
    if (isSchema(part['properties'])) Object.assign(properties, part['properties']);
  }
  return { ...all, properties };
};

const alternativesOf = (schema: Schema): readonly Schema[] => {
  const list = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(list) ? list.filter(isSchema) : [];
};

/** The schema that decides the value: references followed, the first alternative that is not null taken. */
const settle = (schema: Schema, root: Schema): Schema => {
  let at = merged(resolve(schema, root), root);
  for (let step = 0; step < maxDepth; step += 1) {
    const alternatives = alternativesOf(at);
    const next = alternatives.find((each) => each['type'] !== 'null') ?? alternatives[0];
    if (next === undefined) return at;
    at = merged(resolve(next, root), root);
  }
  return at;
};

const typeOf = (schema: Schema): string => {
  const type = schema['type'];
  const first = Array.isArray(type) ? strings(type).find((each) => each !== 'null') : type;
  if (typeof first === 'string') return first;
  if (isSchema(schema['properties'])) return 'object';
  return 'items' in schema ? 'array' : 'string';
};

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  duration: 'P1D',
  email: 'support@example.com',
  hostname: 'example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
};

const clip = (text: string, schema: Schema): string => {
  const minimum = numberOf(schema['minLength'], 0);
  if (minimum === 0 && !('maxLength' in schema)) return text;
  // JSON schema counts code points.
  const cut = Array.from(text).slice(0, numberOf(schema['maxLength'], Infinity));
  return cut.join('').padEnd(minimum, '.');
};

/** Numbers are given to four places; an exclusive bound is kept away from by as much. */
const places = 1e4;

const numeric = (schema: Schema, name: string, answerer: Answerer): number => {
  const whole = typeOf(schema) === 'integer';
  const step = whole ? 1 : 1 / places;
  const minimum = numberOf(schema['minimum'], numberOf(schema['exclusiveMinimum'], -step) + step);
  const highest = numberOf(
    schema['maximum'],
    numberOf(schema['exclusiveMaximum'], Infinity) - step,
  );
  const maximum = Number.isFinite(highest) ? highest : Math.max(minimum + 1, whole ? 5 : 1);
  const value = answerer.number(name, { minimum, maximum });
  const rounded = whole ? Math.round(value) : Math.round(value * places) / places;
  // Between two bounds that are nearer to each other than that, only the middle is safe.
  return rounded >= minimum && rounded <= maximum ? rounded : (minimum + maximum) / 2;
};

const array = (schema: Schema, name: string, context: Context): unknown => {
  const items = isSchema(schema['items']) ? settle(schema['items'], context.root) : {};
  const minimum = numberOf(schema['minItems'], 0);
  const maximum = Math.min(200, numberOf(schema['maxItems'], 200));
  const next = { ...context, depth: context.depth + 1 };
  if (typeOf(items) === 'object') {
    const entries = context.answerer.entries(name).slice(0, maximum);
    const values = entries.map((answerer) => fill(items, name, { ...next, answerer }));
    while (values.length < minimum) values.push(fill(items, name, next));
    return values;
  }
  if (typeOf(items) === 'string') {
    const labels = Array.isArray(items['enum']) ? strings(items['enum']) : undefined;
    const listed = context.answerer.list(name).slice(0, maximum);
    const values = listed.flatMap((text) => {
      if (labels === undefined) return [clip(text, items)];
      const found = labels.find((label) => text.toLowerCase().startsWith(label.toLowerCase()));
      return found === undefined ? [] : [found];
    });
    while (values.length < minimum) values.push(String(fill(items, name, next)));
    return values;
  }
  return Array.from({ length: minimum }, () => fill(items, name, next));
};

interface Context {
  readonly root: Schema;
  readonly depth: number;
  readonly answerer: Answerer;
}

const object = (schema: Schema, context: Context): unknown => {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? strings(schema['required']) : [];
  const next = { ...context, depth: context.depth + 1 };
  // Beyond that depth a schema refers to itself: only what must be there goes on.
  const names = context.depth > 6 ? required : Object.keys(properties);
  return Object.fromEntries(
    names.map((name) => {
      const property = properties[name];
      return [name, isSchema(property) ? fill(property, name, next) : ''];
    }),
  );
};

/** Builds a value that fits the schema, its leaves taken from the answerer. */
const fill = (given: Schema, name: string, context: Context): unknown => {
  const schema = settle(given, context.root);
  if ('const' in schema) return schema['const'];
  const choices = schema['enum'];
  if (Array.isArray(choices)) {
    const labels = strings(choices);
    return labels.length === 0 ? (choices[0] as unknown) : context.answerer.choose(name, labels);
  }
  if (context.depth > maxDepth) return null;
  switch (typeOf(schema)) {
    case 'object':
      return object(schema, context);
    case 'array':
      return array(schema, name, context);
    case 'number':
    case 'integer':
      return numeric(schema, name, context.answerer);
    case 'boolean':
      return context.answerer.truth(name);
    case 'null':
      return null;
    default: {
      const format = schema['format'];
      const fixed = typeof format === 'string' ? formats[format] : undefined;
      return clip(fixed ?? context.answerer.text(name), schema);
    }
  }
};

/** A value that fits the schema. */
export const fillSchema = (schema: Schema, answerer: Answerer): unknown =>
  fill(schema, '', { root: schema, depth: 0, answerer });

/** One closed question of a schema. */
export interface SchemaField {
  readonly name: string;
  readonly labels: readonly string[];
  readonly description: string | undefined;
}

/** Every property name of a schema, and its closed questions. */
export const schemaFields = (
  schema: Schema,
): { readonly names: readonly string[]; readonly fields: readonly SchemaField[] } => {
  const names: string[] = [];
  const fields: SchemaField[] = [];
  const visit = (given: Schema, name: string, depth: number): void => {
    if (depth > 6) return;
    const at = settle(given, schema);
    const description = [given['description'], at['description']].find(
      (each) => typeof each === 'string',
    );
    if (Array.isArray(at['enum'])) {
      const labels = strings(at['enum']);
      if (labels.length > 0 && !fields.some((field) => field.name === name))
        fields.push({ name, labels, description });
    }
    if (isSchema(at['items'])) visit(at['items'], name, depth + 1);
    if (!isSchema(at['properties'])) return;
    for (const [key, property] of Object.entries(at['properties'])) {
      names.push(key);
      if (isSchema(property)) visit(property, key, depth + 1);
    }
  };
  visit(schema, '', 0);
  return { names, fields };
};
