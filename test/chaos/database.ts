import pg from 'pg';

/** What the suite reads of the run's database, with a connection for each question: it is killed as well. */
export interface DatabaseLog {
  /** The calls (`x-assay-call`) that this process has claimed and that have no answer. */
  unanswered(pid: number): Promise<ReadonlySet<string>>;
  /** The process that holds a publisher's lock. */
  publisher(): Promise<number | undefined>;
}

export const openDatabaseLog = (url: string): DatabaseLog => {
  const rows = async <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const answer = await client.query(text, [...values]);
      return answer.rows as Row[];
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  return {
    async unanswered(pid) {
      const calls = await rows<{ call: string }>(
        `select cell_id || '.' || left(request_hash, 16) || '.' || occurrence as call
           from assay.call_journal
          where state = 'claimed' and owner like '%:' || $1::text || '/%'`,
        [pid],
      );
      return new Set(calls.map(({ call }) => call));
    },
    async publisher() {
      const [row] = await rows<{ holder: string }>(
        `select s.holder from assay.publisher_sessions s
           join pg_stat_activity a on a.pid = s.backend_pid and a.backend_start = s.backend_start`,
      );
      const pid = Number(row?.holder.split(':').at(-1));
      return Number.isInteger(pid) ? pid : undefined;
    },
  };
};
