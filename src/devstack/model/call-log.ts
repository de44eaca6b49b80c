import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** One request as the server saw it. Times are milliseconds since 1970. */
export interface CallRecord {
  readonly seq: number;
  /** The `x-assay-call` header. */
  readonly call: string | null;
  readonly path: string;
  readonly model: string | null;
  /** When the request was fully received: from then on a call that is not refused is paid. */
  readonly receivedAt: number;
  /** Whether a provider would bill it: it was accepted, whatever became of its answer. */
  readonly paid: boolean;
  /** What strikes it, of the faults that were ordered. */
  readonly fault: string | null;
  readonly stream: boolean;
  /** The latency that was drawn for it. */
  readonly latencyMs: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Null while it is in flight. */
  readonly answeredAt: number | null;
  /** Null while it is in flight, and when it was never answered. */
  readonly status: number | null;
  /** The connection ended, or the server was killed, before the answer was sent. */
  readonly aborted: boolean;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
export type Received = Omit<CallRecord, 'seq' | 'answeredAt' | 'status' | 'aborted'>;
type Ended = Pick<CallRecord, 'answeredAt' | 'status' | 'aborted'>;

/** Counts over all calls since the log was emptied, also those that memory no longer holds. */
export interface CallSummary {
  readonly total: number;
  readonly paid: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly aborted: number;
  /** Answers with HTTP 429. */
  readonly refused429: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** The sum of the latencies drawn for paid calls, for the ideal time of a load. */
  readonly latencyMs: number;
  readonly firstReceivedAt: number | null;
  readonly lastAnsweredAt: number | null;
  /** How many paid calls repeated an `x-assay-call` that had been paid before. */
  readonly repeatedCalls: number;
  /** The first 1,000 such headers, with how often each was paid. */
  readonly repeated: readonly { readonly call: string; readonly count: number }[];
  /** How many records memory has dropped; they stand in the log file only. */
  readonly evicted: number;
}

export interface CallLog {
  /** Records a request that was fully received; on disk (where a file is set) when this returns. */
  received(call: Received): CallRecord;
  ended(seq: number, end: Ended): void;
  /** Records with seq above `after`, oldest first. */
  page(after: number, limit: number): readonly CallRecord[];
  summary(): CallSummary;
  clear(): void;
  close(): void;
}

const emptyCounts = () => ({
  total: 0,
  paid: 0,
  inFlight: 0,
  maxInFlight: 0,
  aborted: 0,
  promptTokens: 0,
  completionTokens: 0,
  latencyMs: 0,
  repeatedCalls: 0,
  evicted: 0,
  firstReceivedAt: null as number | null,
  lastAnsweredAt: null as number | null,
});

/** The counting half of the log: what a record adds when it begins and when it ends. */
const createTally = () => {
  let counts = emptyCounts();
  let byStatus = new Map<number, number>();
  let paidCalls = new Map<string, number>();
  let repeated = new Set<string>();

  const countPaid = (call: string): void => {
    const count = (paidCalls.get(call) ?? 0) + 1;
    paidCalls.set(call, count);
    if (count === 1) return;
    counts.repeatedCalls += 1;
    repeated.add(call);
  };

  return {
    begin: (record: CallRecord): void => {
      counts.total += 1;
      counts.inFlight += 1;
      counts.maxInFlight = Math.max(counts.maxInFlight, counts.inFlight);
      counts.firstReceivedAt ??= record.receivedAt;
      if (!record.paid) return;
      counts.paid += 1;
      counts.promptTokens += record.promptTokens;
      counts.completionTokens += record.completionTokens;
      counts.latencyMs += record.latencyMs;
      if (record.call !== null) countPaid(record.call);
    },
    end: (end: Ended): void => {
      counts.inFlight -= 1;
      if (end.aborted) counts.aborted += 1;
      if (end.status !== null) byStatus.set(end.status, (byStatus.get(end.status) ?? 0) + 1);
      counts.lastAnsweredAt = end.answeredAt ?? counts.lastAnsweredAt;
    },
    evict: (): void => {
      counts.evicted += 1;
    },
    summary: (): CallSummary => ({
      ...counts,
      refused429: byStatus.get(429) ?? 0,
      byStatus: Object.fromEntries(byStatus),
      repeated: [...repeated]
        .slice(0, 1000)
        .map((call) => ({ call, count: paidCalls.get(call) ?? 0 })),
    }),
    clear: (inFlight: number): void => {
      counts = { ...emptyCounts(), inFlight, maxInFlight: inFlight };
      byStatus = new Map();
      paidCalls = new Map();
      repeated = new Set();
    },
  };
};

// `instanceof Error` fails for errors of another realm, as under Jest.
const hasCode = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;

/** The lines of a log file that a former process wrote; a line torn by its end is left out. */
const readLines = (path: string): readonly unknown[] => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
  return text.split('\n').flatMap((line): readonly unknown[] => {
    try {
      return line === '' ? [] : [JSON.parse(line)];
    } catch {
      return [];
    }
  });
};

type LogLine =
  | ({ readonly event: 'received' } & CallRecord)
  | ({ readonly event: 'ended'; readonly seq: number } & Ended);

const isLogLine = (line: unknown): line is LogLine =>
  typeof line === 'object' && line !== null && 'event' in line && 'seq' in line;

/**
 * The log of all requests: the last `capacity` in memory, and all in `file` where one is set. Each line is written at
 * once and without a buffer of ours, since a log that loses its tail on `kill -9` cannot prove what was paid.
 */
export const createCallLog = (options: {
  readonly capacity: number;
  readonly file?: string | undefined;
}): CallLog => {
  const tally = createTally();
  const records = new Map<number, Mutable<CallRecord>>();
  let lastSeq = 0;
  let clearedAt = 0;

  const remember = (record: Mutable<CallRecord>): void => {
    lastSeq = record.seq;
    records.set(record.seq, record);
    tally.begin(record);
    if (records.size <= options.capacity) return;
    for (const oldest of records.keys()) {
      records.delete(oldest);
      tally.evict();
      break;
    }
  };
  const finish = (seq: number, end: Ended): void => {
    const record = records.get(seq);
    if (record !== undefined) Object.assign(record, end);
    if (seq > clearedAt || record !== undefined) tally.end(end);
  };
  const load = (path: string): void => {
    const open = new Set<number>();
    for (const line of readLines(path)) {
      if (!isLogLine(line)) continue;
      if (line.event === 'received') {
        const { event: _event, ...record } = line;
        remember(record);
        open.add(line.seq);
      } else if (open.delete(line.seq)) {
        const { answeredAt, status, aborted } = line;
        finish(line.seq, { answeredAt, status, aborted });
      }
    }
    for (const seq of open) finish(seq, { answeredAt: null, status: null, aborted: true });
  };

  const { file } = options;
  if (file !== undefined) load(file);
  const openLog = (flags: string): number | undefined =>
    file === undefined ? undefined : openSync(file, flags, 0o600);
  let descriptor = openLog('a');
  const write = (line: LogLine): void => {
    if (descriptor !== undefined) writeSync(descriptor, `${JSON.stringify(line)}\n`);
  };
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };

  return {
    received: (call) => {
      const seq = lastSeq + 1;
      const record = { ...call, seq, answeredAt: null, status: null, aborted: false };
      write({ event: 'received', ...record });
      remember(record);
      return record;
    },
    ended: (seq, end) => {
      write({ event: 'ended', seq, ...end });
      finish(seq, end);
    },
    page: (after, limit) => {
      const found: CallRecord[] = [];
      for (const record of records.values()) {
        if (found.length >= limit) break;
        if (record.seq > after) found.push(record);
      }
      return found;
    },
    summary: tally.summary,
    clear: () => {
      // What is in flight stays, so that its end is still counted once.
      for (const [seq, record] of records)
        if (record.answeredAt !== null || record.aborted) records.delete(seq);
      clearedAt = lastSeq;
      tally.clear(records.size);
      close();
      descriptor = openLog('w');
      for (const record of records.values()) write({ event: 'received', ...record });
    },
    close,
  };
};
