import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createCallLog, type Received } from '../../../../src/devstack/model/call-log.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-calls-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const received = (call: string, paid = true): Received => ({
  call,
  path: '/v1/chat/completions',
  model: 'demo-small',
  receivedAt: 1000,
  paid,
  fault: null,
  stream: false,
  latencyMs: 5,
  promptTokens: 10,
  completionTokens: 2,
});
const answered = { answeredAt: 1005, status: 200, aborted: false };

describe('the call log', () => {
  it('keeps its counts when memory drops old records', () => {
    const log = createCallLog({ capacity: 2 });
    for (const call of ['a', 'b', 'a', 'c']) log.ended(log.received(received(call)).seq, answered);
    expect(log.page(0, 10).map((record) => record.call)).toEqual(['a', 'c']);
    expect(log.summary()).toMatchObject({ total: 4, evicted: 2, repeatedCalls: 1, inFlight: 0 });
  });

  it('does not count refused calls as paid or repeated', () => {
    const log = createCallLog({ capacity: 10 });
    log.ended(log.received(received('a', false)).seq, { ...answered, status: 429 });
    log.ended(log.received(received('a')).seq, answered);
    expect(log.summary()).toMatchObject({ paid: 1, refused429: 1, repeatedCalls: 0 });
  });

  it('is on disk before the call is answered, and a line torn by a crash harms nothing', () => {
    const file = join(folder, 'calls.ndjson');
    const log = createCallLog({ capacity: 10, file });
    log.ended(log.received(received('a')).seq, answered);
    log.received(received('b'));
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(3);
    log.close();
    appendFileSync(file, '{"event":"received","seq":3,"ca');
    const again = createCallLog({ capacity: 10, file });
    expect(again.summary()).toMatchObject({ total: 2, aborted: 1, inFlight: 0 });
    expect(again.received(received('c')).seq).toBe(3);
    again.close();
  });

  it('ends calls once that were in flight when it was emptied', () => {
    const log = createCallLog({ capacity: 10, file: join(folder, 'calls.ndjson') });
    const open = log.received(received('a'));
    log.ended(log.received(received('b')).seq, answered);
    log.clear();
    expect(log.summary()).toMatchObject({ total: 0, inFlight: 1 });
    log.ended(open.seq, answered);
    expect(log.summary()).toMatchObject({ total: 0, inFlight: 0, byStatus: { 200: 1 } });
    log.close();
  });
});
