import { describe, expect, it } from '@jest/globals';

import type { OutboundExport } from '../../../../src/platforms/port.js';
import { encodeScores } from '../../../../src/platforms/langfuse/encode-scores.js';
import { encodeSpans } from '../../../../src/platforms/langfuse/v4/encode-spans.js';
import {
  ingestionBody,
  otlpBody,
  withExportId,
} from '../../../../src/platforms/langfuse/v4/export-body.js';
import type { OtlpSpan } from '../../../../src/platforms/langfuse/v4/attributes.js';
import { cell, item, run } from './cell-fixture.js';

const settings = { environment: 'assay', release: 'r1' };
const key = 'langfuse.observation.metadata.assay.export_id';
// What an attacker would put into an answer to have the export id written into it.
const hostile = `{"key":"${key}","value":{"stringValue":""}} "assay.export_id":"" $& $1`;
const spansRecord = encodeSpans({ cell: { ...cell, output: hostile }, item, run, settings });

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: OtlpSpan[] }[];
  }[];
}
const spansOf = (body: string): readonly OtlpSpan[] =>
  (JSON.parse(body) as OtlpRequest).resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
const stored = (body: string): readonly OtlpSpan[] => JSON.parse(body) as OtlpSpan[];

function batchOf(kind: OutboundExport['kind'], bodies: readonly string[]): OutboundExport {
  const records = bodies.map((body, index) => ({
    kind,
    body,
    traceId: 't',
    ids: [],
    rowId: String(index),
  }));
  return { exportId: 'export-7', kind, records };
}

describe('withExportId', () => {
  it('changes nothing but the last attribute of each span, also where a text imitates it', () => {
    const filled = stored(withExportId(spansRecord.body, 'export-7'));
    expect(filled.map(({ attributes }) => attributes.at(-1))).toEqual(
      filled.map(() => ({ key, value: { stringValue: 'export-7' } })),
    );
    const without = (spans: readonly OtlpSpan[]) =>
      spans.map((span) => ({ ...span, attributes: span.attributes.slice(0, -1) }));
    expect(without(filled)).toEqual(without(stored(spansRecord.body)));
    expect(JSON.stringify(filled[0])).toContain('$& $1');
  });

  it('gives equal bytes for the same row and export', () => {
    expect(withExportId(spansRecord.body, 'e')).toBe(withExportId(spansRecord.body, 'e'));
  });

  it('keeps the body JSON for any export id', () => {
    const [root] = stored(withExportId(spansRecord.body, 'a"b\\$&'));
    expect(root?.attributes.at(-1)?.value).toEqual({ stringValue: 'a"b\\$&' });
  });
});

describe('request bodies', () => {
  it('hold the spans of all records in order, in a scope that the server knows', () => {
    const body = otlpBody(batchOf('spans', [spansRecord.body, '[]', spansRecord.body]));
    expect(spansOf(body).map(({ spanId }) => spanId)).toEqual([
      ...spansRecord.ids,
      ...spansRecord.ids,
    ]);
    expect(JSON.parse(body)).toMatchObject({
      resourceSpans: [{ scopeSpans: [{ scope: { name: 'langfuse-sdk' } }] }],
    });
  });

  it('hold the events of all score records, marked with the export', () => {
    const record = encodeScores(cell, run, 'assay');
    const body = ingestionBody(batchOf('scores', [record?.body ?? '']));
    const { batch } = JSON.parse(body) as { batch: { body: { metadata: object } }[] };
    expect(batch).toHaveLength(3);
    for (const event of batch) {
      expect(event.body.metadata).toMatchObject({ 'assay.export_id': 'export-7' });
    }
  });
});
