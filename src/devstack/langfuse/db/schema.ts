import type { Database } from './database.js';
import { itemTables } from './schema-items.js';
import { traceTables } from './schema-traces.js';
import { v3Tables } from './schema-v3.js';

// Two servers may start on one database at the same time; DDL is idempotent but not concurrent.
const advisoryKey = 7_215_309_441;

/** Creates the schema `langfuse_dev` with all its tables where they are missing. */
export async function ensureSchema(database: Database): Promise<void> {
  await database.transaction(async (queries) => {
    await queries.rows('select pg_advisory_xact_lock($1)', [advisoryKey]);
    await queries.rows('create schema if not exists langfuse_dev');
    for (const statement of [...itemTables, ...traceTables, ...v3Tables])
      await queries.rows(statement);
  });
}

/** The tables in the order in which a reset may empty them. */
export const tables = [
  'observations',
  'v3_observations',
  'v3_traces',
  'v3_sessions',
  'dataset_run_items',
  'dataset_runs',
  'scores',
  'dataset_items',
  'datasets',
  'score_configs',
  'prompts',
  'models',
  'comments',
] as const;
