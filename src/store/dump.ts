import { rowsOf, type Queryable } from './query.js';
import { withTransaction, type Store } from './store.js';

interface TableRow {
  readonly oid: number;
  readonly name: string;
}

const columnsOf = async (on: Queryable, oid: number): Promise<readonly string[]> => {
  const rows = await rowsOf<{ line: string }>(
    on,
    `select format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
              || case when a.attidentity = 'a' then ' generated always as identity' else '' end
              || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
              || case when a.attnotnull then ' not null' else '' end as line
       from pg_attribute a
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [oid],
  );
  return rows.map(({ line }) => line);
};

// 'n': not null is shown with its column; before Postgres 18 it was no constraint.
const constraintsOf = async (on: Queryable, oid: number): Promise<readonly string[]> => {
  const rows = await rowsOf<{ line: string }>(
    on,
    `select format('constraint %I %s', conname, pg_get_constraintdef(oid)) as line
       from pg_constraint where conrelid = $1 and contype <> 'n'
      order by array_position(array['p', 'u', 'f', 'c'], contype::text), conname collate "C"`,
    [oid],
  );
  return rows.map(({ line }) => line);
};

const indexesOf = async (on: Queryable, oid: number): Promise<readonly string[]> => {
  const rows = await rowsOf<{ line: string }>(
    on,
    `select pg_get_indexdef(i.indexrelid) || ';' as line
       from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = $1
        and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
      order by c.relname collate "C"`,
    [oid],
  );
  return rows.map(({ line }) => line);
};

const triggersOf = async (on: Queryable, oid: number): Promise<readonly string[]> => {
  const rows = await rowsOf<{ line: string }>(
    on,
    `select pg_get_triggerdef(oid) || ';' as line from pg_trigger
      where tgrelid = $1 and not tgisinternal order by tgname collate "C"`,
    [oid],
  );
  return rows.map(({ line }) => line);
};

const functions = async (on: Queryable): Promise<readonly string[]> => {
  const rows = await rowsOf<{ line: string }>(
    on,
    `select trim(trailing E'\\n' from pg_get_functiondef(p.oid)) || ';' as line
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = 'assay' order by p.proname collate "C"`,
  );
  return rows.map(({ line }) => line);
};

const dump = async (on: Queryable): Promise<string> => {
  const tables = await rowsOf<TableRow>(
    on,
    `select c.oid, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'assay' and c.relkind = 'r' order by c.relname collate "C"`,
  );
  const parts = ['-- What the migrations come to. Written by tools/dump-schema.mjs; do not edit.'];
  for (const { oid, name } of tables) {
    const lines = [...(await columnsOf(on, oid)), ...(await constraintsOf(on, oid))];
    parts.push(`create table assay.${name} (\n  ${lines.join(',\n  ')}\n);`);
    parts.push(...(await indexesOf(on, oid)), ...(await triggersOf(on, oid)));
  }
  parts.push(...(await functions(on)));
  return `${parts.join('\n\n')}\n`;
};

/**
 * The schema `assay` as text, read from the catalogue: for people who want to see what the migrations come to, and
 * for reviews. The embedded Postgres brings no pg_dump, and its text would change with its version.
 */
export async function dumpSchema(store: Store): Promise<string> {
  return withTransaction(store, async (on) => {
    // Postgres leaves the schema out of names that the path finds, and the path can hold the account's own name.
    await rowsOf(on, `set local search_path = ''`);
    return dump(on);
  });
}
