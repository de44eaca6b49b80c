import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import pg from 'pg';

import type { Stack } from '../../src/devstack/index.js';
import type { BenchStack } from './bench-stack.js';
import { createProfiler } from './profiler.js';

/** Has Postgres count its statements: a library that it loads when it starts. */
export async function loadStatementCounter(stack: Stack): Promise<void> {
  const client = new pg.Client({ connectionString: stack.services.postgres?.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query("alter system set shared_preload_libraries = 'pg_stat_statements'");
  await client.end();
  await stack.service('postgres').restart();
}

/** Profiles our Node processes and counts the statements of Postgres while the work runs. */
export async function underProfilers<Result>(
  on: {
    readonly label: string;
    readonly folder: string;
    readonly pids: () => Readonly<Record<string, readonly number[]>>;
    readonly query: BenchStack['query'];
  },
  work: () => Promise<Result>,
): Promise<Result> {
  const { label, folder, query } = on;
  const profiler = createProfiler(() => {
    const { worker = [], devServer = [], demoModel = [] } = on.pids();
    return { worker, devServer, demoModel };
  }, folder);
  await profiler.start();
  await query('create extension if not exists pg_stat_statements');
  await query('select pg_stat_statements_reset()');
  const result = await work();
  await profiler.stop(label);
  await writeFile(join(folder, `statements-${label}.txt`), await statements(query));
  return result;
}

/** The statements that took most, one a line. */
async function statements(query: BenchStack['query']): Promise<string> {
  const rows = await query<{ calls: number; ms: number; rows: number; query: string }>(
    `select calls::int, round(total_exec_time::numeric, 1)::float8 as ms, rows::int,
            regexp_replace(query, '\\s+', ' ', 'g') as query
       from pg_stat_statements order by total_exec_time desc limit 60`,
  );
  const lines = rows.map(
    ({ calls, ms, rows: count, query: text }) =>
      `${ms} ms\t${calls} calls\t${count} rows\t${text.slice(0, 240)}`,
  );
  return `${lines.join('\n')}\n`;
}
