import { describe, expect, it } from '@jest/globals';

import type { RunScore } from '../../../../src/contracts/publication.js';
import { encodeRunScores } from '../../../../src/platforms/langfuse/encode-run-scores.js';
import { ingestionBody } from '../../../../src/platforms/langfuse/v4/export-body.js';
import { run } from './cell-fixture.js';

const runs = [
  { name: 'first', id: 'aaaaaaaaaaaaaaaa' },
  { name: 'second', id: 'bbbbbbbbbbbbbbbb' },
];
const context = { ...run, run: { ...run.run, runs } };
const timestamp = '2026-11-21T10:00:00.000Z';
const score = (name: string, repetition = 1): RunScore => ({
  repetition,
  name,
  evaluator: 'exact',
  value: 0.5,
  comment: { passed_items: [], failed_items: [], reasoning: '1 of 2', suggestions: [] },
});
const encode = (scores: readonly RunScore[]) =>
  encodeRunScores({ scores, run: context, timestamp }, 'assay');

interface Event {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Readonly<Record<string, unknown>>;
}
const eventsIn = (body: string) => JSON.parse(body) as readonly Event[];

describe('the scores of a run as a whole', () => {
  it('stand on the experiment of their repetition, complete and with equal bytes each time', () => {
    const scores = [score('exact', 2), score('exact', 1)];
    const records = encode(scores);
    expect(records.map(({ runId }) => runId)).toEqual(runs.map(({ id }) => id));
    expect(encode(scores)).toEqual(records);
    const [event] = eventsIn(records[0]?.body ?? '[]');
    expect(event).toMatchObject({ id: records[0]?.ids[0], timestamp });
    expect(event?.body).toEqual({
      id: event?.id,
      datasetRunId: 'aaaaaaaaaaaaaaaa',
      name: 'exact',
      value: 0.5,
      dataType: 'NUMERIC',
      comment: JSON.stringify(scores[1]?.comment),
      environment: 'assay',
      metadata: {
        'assay.run_uid': context.runUid,
        'assay.evaluator': 'exact',
        'assay.repetition': 1,
        'assay.export_id': '',
      },
    });
  });

  it('have an id of their own by run, repetition and name', () => {
    const ids = [...encode([score('a'), score('b'), score('a', 2)])].flatMap((each) => each.ids);
    const others = encodeRunScores(
      { scores: [score('a')], run: { ...context, runUid: 'another' }, timestamp },
      'assay',
    ).flatMap((each) => each.ids);
    expect(new Set([...ids, ...others]).size).toBe(4);
  });

  it('take the export id when they are sent, and stay JSON whatever their names hold', () => {
    const records = encode([score('na"me\n\uD800 "assay.export_id":"')]);
    const body = ingestionBody({
      exportId: 'export-1',
      kind: 'scores',
      records: records.map((record) => ({ ...record, kind: 'scores', rowId: '1', traceId: '' })),
    });
    expect(body.isWellFormed()).toBe(true);
    const { batch } = JSON.parse(body) as { batch: readonly Event[] };
    expect(batch[0]?.body['metadata']).toMatchObject({ 'assay.export_id': 'export-1' });
  });

  it('go in records of at most 100', () => {
    const records = encode(Array.from({ length: 201 }, (_, index) => score(`s${index}`)));
    expect(records.map(({ ids }) => ids.length)).toEqual([100, 100, 1]);
  });
});
