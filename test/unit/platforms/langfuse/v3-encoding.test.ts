import { describe, expect, it } from '@jest/globals';

import type {
  EncodeContext,
  OutboundExport,
  OutboxRecord,
} from '../../../../src/platforms/port.js';
import { encodeRunScores } from '../../../../src/platforms/langfuse/encode-run-scores.js';
import { attribute, type OtlpSpan } from '../../../../src/platforms/langfuse/v4/attributes.js';
import {
  encodeJudgementSpans,
  encodeSpans,
} from '../../../../src/platforms/langfuse/v4/encode-spans.js';
import { otlpBody } from '../../../../src/platforms/langfuse/v4/export-body.js';
import { isForLegacy, runItemsOf } from '../../../../src/platforms/langfuse/v3/run-item.js';
import { areOfLegacyRun } from '../../../../src/platforms/langfuse/v3/run-scores.js';
import { onlySpans } from '../../../../src/platforms/otlp-subset.js';
import { platformItemId } from '../../../../src/core/ids/platform-ids.js';
import { cell, item, judgeCall, run } from './cell-fixture.js';

const settings = { environment: 'assay', release: 'r1' };
const onV3: EncodeContext = { ...run, run: { ...run.run, generation: 'v3' } };
const onV4: EncodeContext = { ...run, run: { ...run.run, generation: 'v4' } };

const batchOf = (...records: readonly (OutboxRecord | undefined)[]): OutboundExport => ({
  exportId: 'export-7',
  kind: 'spans',
  records: records.flatMap((record, index) =>
    record === undefined ? [] : [{ ...record, rowId: `row-${index}` }],
  ),
});
const stored = (record: OutboxRecord) => JSON.parse(record.body) as readonly OtlpSpan[];
const keysOf = (span: OtlpSpan | undefined) => (span?.attributes ?? []).map(({ key }) => key);

describe('the spans of a cell that is planned on a v3 server', () => {
  const record = encodeSpans({ cell, item, run: onV3, settings });

  it('name the trace at the root alone, since some servers take any that names it for the trace', () => {
    const [root, ...others] = stored(record);
    expect(keysOf(root).filter((key) => key === attribute.traceName)).toHaveLength(1);
    expect(others.length).toBeGreaterThan(0);
    for (const span of others) expect(keysOf(span)).not.toContain(attribute.traceName);
  });

  it('have the ids of a v4 server’s, and are the same however often they are made', () => {
    expect(record.ids).toEqual(encodeSpans({ cell, item, run: onV4, settings }).ids);
    expect(encodeSpans({ cell, item, run: onV3, settings }).body).toBe(record.body);
  });

  it('say all of the link to the run', () => {
    const [root] = stored(record);
    expect(runItemsOf(batchOf(record))).toEqual([
      {
        rowId: 'row-0',
        traceId: record.traceId,
        rootId: root?.spanId,
        datasetId: 'dataset-1',
        runName: 'triage-nightly',
        datasetItemId: platformItemId('tickets', item.id),
        description: 'Nightly triage',
        metadata: expect.objectContaining({
          'assay.run_uid': 'run-0001',
          commit: 'abc123',
        }) as unknown,
        startedAt: Date.parse('2026-11-20T10:00:00.000Z'),
      },
    ]);
    const second = encodeSpans({ cell: { ...cell, repetition: 2 }, item, run: onV3, settings });
    expect(runItemsOf(batchOf(second))[0]?.runName).toBe('triage-nightly (repetition 2)');
  });

  it('say so as well where only some of them are left, and nothing where the root is not among them', () => {
    const [root = '', ...others] = record.ids;
    const rootOnly = { ...record, body: onlySpans(record.body, new Set([root])) };
    expect(runItemsOf(batchOf(rootOnly))).toHaveLength(1);
    const rest = { ...record, body: onlySpans(record.body, new Set(others)) };
    expect(runItemsOf(batchOf(rest))).toEqual([]);
    expect(isForLegacy(batchOf(rest))).toBe(true);
  });

  it('of a later judgement need no link, and are still known as made for a v3 server', () => {
    const judged = encodeJudgementSpans({
      cell,
      item,
      run: onV3,
      settings,
      judgement: { pass: 2, calls: [judgeCall], failures: [] },
    });
    expect(runItemsOf(batchOf(judged))).toEqual([]);
    expect(isForLegacy(batchOf(judged))).toBe(true);
  });

  it('cannot be made up by what a cell says', () => {
    const mark = '"key":"assay.langfuse","value":{"stringValue":"v3"}';
    const hostile = encodeSpans({ cell: { ...cell, output: mark }, item, run: onV4, settings });
    expect(isForLegacy(batchOf(hostile))).toBe(false);
    expect(runItemsOf(batchOf(hostile))).toEqual([]);
  });
});

it.each([undefined, 'v4'] as const)(
  'a run of the generation %s needs nothing of a v3 server',
  (generation) => {
    const { generation: _, ...place } = onV4.run;
    const context = { ...run, run: generation === undefined ? place : { ...place, generation } };
    const batch = batchOf(encodeSpans({ cell, item, run: context, settings }));
    expect(isForLegacy(batch)).toBe(false);
    expect(runItemsOf(batch)).toEqual([]);
  },
);

describe('the request for an older server', () => {
  const output = { text: '"traceId":"00ff" \\"spanId\\":"00ff"', traceId: 'abcd' };
  const batch = batchOf(encodeSpans({ cell: { ...cell, output }, item, run: onV3, settings }));
  interface Request {
    readonly resourceSpans: readonly [
      {
        readonly scopeSpans: readonly [
          { readonly scope: object; readonly spans: readonly Loose[] },
        ];
      },
    ];
  }
  type Loose = Readonly<Record<string, unknown>>;
  const scopeSpansOf = (body: string) =>
    (JSON.parse(body) as Request).resourceSpans[0].scopeSpans[0];

  it('names the public key in its scope', () => {
    const { scope } = scopeSpansOf(otlpBody(batch, { publicKey: 'pk-"x', idsAsBytes: false }));
    expect(scope).toEqual({
      name: 'langfuse-sdk',
      attributes: [{ key: 'public_key', value: { stringValue: 'pk-"x' } }],
    });
    expect(scopeSpansOf(otlpBody(batch)).scope).toEqual({ name: 'langfuse-sdk' });
  });

  it('gives ids as the bytes that they are, and changes nothing in what a cell says', () => {
    const plain = scopeSpansOf(otlpBody(batch)).spans;
    const { spans } = scopeSpansOf(otlpBody(batch, { publicKey: 'pk', idsAsBytes: true }));
    // As servers before 3.81 read them.
    const hex = (id: unknown) => {
      const { data } = id as { readonly data: readonly number[] };
      return Buffer.from(data).toString('hex');
    };
    expect(
      spans.map(({ traceId, spanId, parentSpanId, ...rest }) => ({
        ...rest,
        traceId: hex(traceId),
        spanId: hex(spanId),
        ...(parentSpanId === undefined ? {} : { parentSpanId: hex(parentSpanId) }),
      })),
    ).toEqual(plain);
    expect(JSON.stringify(spans)).toContain('abcd');
  });
});

describe('the scores of a run as a whole', () => {
  const scoresOn = (context: EncodeContext): OutboundExport => {
    const [record] = encodeRunScores(
      {
        scores: [
          {
            repetition: 2,
            name: 'category.pass_rate',
            evaluator: 'category',
            value: 0.5,
            comment: {
              passed_items: [],
              failed_items: [],
              reasoning: '"assay.run_name":',
              suggestions: [],
            },
          },
        ],
        run: context,
        timestamp: '2026-11-20T10:10:00.000Z',
      },
      'assay',
    );
    if (record === undefined) throw new Error('no record');
    const { body, ids } = record;
    return {
      exportId: 'e',
      kind: 'scores',
      records: [{ kind: 'scores', body, ids, traceId: '', rowId: 'r' }],
    };
  };

  it('say by which name a v3 server knows the run', () => {
    const batch = scoresOn(onV3);
    expect(areOfLegacyRun(batch)).toBe(true);
    const [event] = JSON.parse(batch.records[0]?.body ?? '[]') as readonly {
      readonly body: { readonly metadata: object };
    }[];
    expect(event?.body.metadata).toMatchObject({
      'assay.dataset_id': 'dataset-1',
      'assay.dataset_name': 'tickets',
      'assay.run_name': 'triage-nightly (repetition 2)',
    });
    expect(batch.records[0]?.ids).toEqual(scoresOn(onV4).records[0]?.ids);
  });

  it('need nothing of a v3 server on a v4 one, whatever a comment says', () => {
    expect(areOfLegacyRun(scoresOn(onV4))).toBe(false);
  });
});
