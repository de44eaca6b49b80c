import { indexedMetadataKeys } from '../db/schema-traces.js';
import { encodeText } from '../db/text.js';
import { badRequest } from '../http/errors.js';
import type { Condition } from './filter-input.js';

/** SQL expressions by the column names of the API. */
export type ColumnMap = Readonly<Record<string, string>>;

/** Collects conditions and their parameters; text is never spliced into the SQL. */
export class Where {
  readonly values: unknown[] = [];
  readonly #conditions: string[] = [];

  /** Adds a parameter and gives its slot, like `$3`. */
  slot(value: unknown): string {
    this.values.push(typeof value === 'string' ? encodeText(value) : value);
    return `$${this.values.length}`;
  }

  add(condition: string): this {
    this.#conditions.push(condition);
    return this;
  }

  /** `column = value`, where there is a value. */
  equals(column: string, value: unknown): this {
    return value === undefined ? this : this.add(`${column} = ${this.slot(value)}`);
  }

  anyOf(column: string, values: readonly string[] | undefined): this {
    return values === undefined ? this : this.add(`${column} = any(${this.slot(values)})`);
  }

  filter(conditions: readonly Condition[], columns: ColumnMap): this {
    for (const condition of conditions) this.add(conditionSql(condition, columns, this));
    return this;
  }

  get sql(): string {
    return this.#conditions.join(' and ');
  }
}

function conditionSql(condition: Condition, columns: ColumnMap, where: Where): string {
  const column = Object.hasOwn(columns, condition.column) ? columns[condition.column] : undefined;
  if (column === undefined)
    throw badRequest(`Column ${condition.column} does not match a UI / CH table mapping.`);
  switch (condition.type) {
    case 'string':
      return textSql(column, condition, where);
    case 'stringObject':
      return textSql(entryOf(column, condition.key, where), condition, where);
    case 'datetime':
    case 'number':
    case 'boolean':
      return `${column} ${condition.operator} ${where.slot(condition.value)}`;
    case 'numberObject': {
      const entry = entryOf(column, condition.key, where);
      // A value that is no number must not end the query, hence the guard in front of the cast.
      return `(case when ${entry} ~ '^-?[0-9]+(\\.[0-9]+)?$' then (${entry})::numeric end) ${condition.operator} ${where.slot(condition.value)}`;
    }
    case 'stringOptions':
      return `${condition.operator === 'none of' ? 'not ' : ''}(${column} = any(${where.slot(condition.value)}::text[]))`;
    case 'categoryOptions': {
      const entry = entryOf(column, condition.key, where);
      return `${condition.operator === 'none of' ? 'not ' : ''}coalesce(${entry} = any(${where.slot(condition.value)}::text[]), false)`;
    }
    case 'arrayOptions':
      return arraySql(column, condition, where);
    case 'null':
      return condition.operator === 'is null'
        ? `coalesce(${column}::text, '') = ''`
        : `coalesce(${column}::text, '') <> ''`;
  }
}

const indexedKeys: ReadonlySet<string> = new Set(indexedMetadataKeys);

/** One key of a jsonb map. An indexed key is spelled out: its index does not serve a parameter. */
function entryOf(column: string, key: string, where: Where): string {
  return indexedKeys.has(key) ? `${column}->>'${key}'` : `${column}->>${where.slot(key)}`;
}

function textSql(
  column: string,
  condition: { operator: string; value: string; key?: string },
  where: Where,
): string {
  if (condition.operator === '=') {
    const { key = '' } = condition;
    const guard = indexedKeys.has(key) ? `metadata ? '${key}' and ` : '';
    return `${guard}${column} = ${where.slot(condition.value)}`;
  }
  const slot = where.slot(condition.value);
  switch (condition.operator) {
    case 'contains':
      return `strpos(${column}, ${slot}) > 0`;
    case 'does not contain':
      return `coalesce(strpos(${column}, ${slot}), 0) = 0`;
    case 'starts with':
      return `starts_with(${column}, ${slot})`;
    case 'ends with':
      return `right(${column}, length(${slot})) = ${slot}`;
    default:
      return `strpos(lower(${column}), lower(${slot})) > 0`;
  }
}

function arraySql(
  column: string,
  condition: { operator: string; value: readonly string[] },
  where: Where,
): string {
  const slot = `${where.slot(condition.value)}::text[]`;
  const list = `coalesce(${column}, '[]'::jsonb)`;
  if (condition.operator === 'all of') return `${list} ?& ${slot}`;
  return `${condition.operator === 'none of' ? 'not ' : ''}(${list} ?| ${slot})`;
}
