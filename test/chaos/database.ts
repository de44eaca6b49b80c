import pg from 'pg';

/** What the suite reads of the run's database, with a connection for each question: it is killed as well. */
export interface DatabaseLog {
  /** The calls (`x-assay-call`) that a process has claimed and that have no answer, by process. */
  unanswered(): Promise<ReadonlyMap<number, ReadonlySet<string>>>;
}

export const openDatabaseLog = (url: string): DatabaseLog => {
  const rows = async <Row>(text: string): Promise<Row[]> => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(text)).rows as Row[];
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  return {
    async unanswered() {
      const calls = await rows<{ call: string; pid: string }>(
        `select cell_id || '.' || left(request_hash, 16) || '.' || occurrence as call,
                substring(owner from ':([0-9]+)/') as pid
           from assay.call_journal where state = 'claimed'`,
      );
      const found = new Map<number, Set<string>>();
      for (const { call, pid } of calls) {
        const mine = found.get(Number(pid)) ?? new Set();
        found.set(Number(pid), mine.add(call));
      }
      return found;
    },
  };
};
