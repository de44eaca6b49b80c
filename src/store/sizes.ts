import { rowsOf } from './query.js';
import type { Store } from './store.js';

/** What the store takes on disk. */
export interface StoreSizes {
  readonly tables: readonly {
    readonly table: string;
    readonly rows: number;
    /** With indexes and with what is stored out of line. */
    readonly bytes: number;
  }[];
  /** Of all tables. */
  readonly bytes: number;
}

/** Counts rows and bytes per table, the biggest first. Rows are counted, not estimated: for doctor, not for polling. */
export async function storeSizes(store: Store): Promise<StoreSizes> {
  const sizes = await rowsOf<{ name: string; bytes: string }>(
    store,
    `select c.relname as name, pg_total_relation_size(c.oid) as bytes
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'assay' and c.relkind = 'r' order by 2 desc, 1`,
  );
  const tables = [];
  for (const { name, bytes } of sizes) {
    // The name is from the catalogue of our own schema; an identifier cannot be a parameter.
    const [row] = await rowsOf<{ rows: string }>(
      store,
      `select count(*) as rows from assay."${name.replaceAll('"', '""')}"`,
    );
    tables.push({ table: name, rows: Number(row?.rows ?? 0), bytes: Number(bytes) });
  }
  return { tables, bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0) };
}
