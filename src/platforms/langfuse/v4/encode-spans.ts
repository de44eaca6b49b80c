import type { CallRecord, CellResult, DatasetItem } from '../../../contracts/records.js';
import { AssayError, type ErrorDocument } from '../../../core/errors/assay-error.js';
import { cellSpanId, cellTraceId, type CellIdentity } from '../../../core/ids/platform-ids.js';
import type { Json } from '../../../core/json/json.js';
import type { EncodeContext, OutboxRecord } from '../../port.js';
import { createFieldTexts, shortText, type FieldTexts } from '../../trace/field-text.js';
import { idOnPlatform } from '../item-identity.js';
import type { LangfuseSettings } from '../options.js';
import { attribute, legacyMark, type OtlpSpan } from './attributes.js';
import { metadataKey } from '../../trace/metadata-key.js';
import { AttributeList } from './attribute-list.js';
import { callAttributes } from './call-attributes.js';
import { unsentExportId } from './export-body.js';
import { rootAttributes } from './root-attributes.js';
import {
  judgementTree,
  rootPath,
  spanTree,
  type Judgement,
  type SpanNode,
  type SpanTree,
} from '../../trace/span-tree.js';
import { tracedAttributes } from './traced-attributes.js';

/** A cell's spans must fit a request of 4.5 MB with room for the envelope. */
export const maxSpansBytes = 3_500_000;

/** From the usual to the desperate: how long one field and how many calls may be, until the whole fits. */
const fits = [
  { fieldBytes: 1_000_000, calls: 500 },
  { fieldBytes: 250_000, calls: 500 },
  { fieldBytes: 50_000, calls: 500 },
  { fieldBytes: 10_000, calls: 500 },
  { fieldBytes: 2_000, calls: 500 },
  { fieldBytes: 500, calls: 200 },
] as const;

export interface SpanEncoding {
  readonly cell: CellResult;
  readonly item: DatasetItem;
  readonly run: EncodeContext;
  readonly settings: Pick<LangfuseSettings, 'environment' | 'release'>;
}

/** The spans of a cell as one record: a JSON array of OTLP spans whose export id is still open. */
export function encodeSpans(encoding: SpanEncoding): OutboxRecord {
  return encodeTree(encoding, (maxCalls) => spanTree(encoding.cell, maxCalls));
}

/**
 * The spans that a later judgement adds to the trace of a cell: its evaluators with their calls, below the root that stands
 * there. Undefined where no evaluator called a model or failed.
 */
export function encodeJudgementSpans(
  encoding: SpanEncoding & { readonly judgement: Judgement },
): OutboxRecord | undefined {
  const { cell, judgement } = encoding;
  const tree = (maxCalls: number): SpanTree => judgementTree(cell, judgement, maxCalls);
  return tree(1).nodes.length === 0 ? undefined : encodeTree(encoding, tree);
}

function encodeTree(
  encoding: SpanEncoding & { readonly judgement?: Judgement },
  treeOf: (maxCalls: number) => SpanTree,
): OutboxRecord {
  const texts = createFieldTexts();
  for (const fit of fits) {
    const record = encodeAt({ ...encoding, texts, tree: treeOf(fit.calls) }, fit);
    if (Buffer.byteLength(record.body) <= maxSpansBytes) return record;
  }
  throw new AssayError(
    'INTERNAL',
    `The trace of cell ${encoding.cell.cellId} cannot be made small.`,
  );
}

function encodeAt(
  encoding: SpanEncoding & {
    readonly texts: FieldTexts;
    readonly tree: SpanTree;
    readonly judgement?: Judgement;
  },
  fit: (typeof fits)[number],
): OutboxRecord {
  const { cell, run, tree, judgement } = encoding;
  const identity: CellIdentity = {
    runUid: run.runUid,
    itemId: cell.itemId,
    repetition: cell.repetition,
    revision: cell.revision,
  };
  const traceId = cellTraceId(identity);
  const spanIds = new Map<string, string>();
  const spanIdAt = (path: string): string => {
    const known = spanIds.get(path) ?? cellSpanId(identity, path);
    spanIds.set(path, known);
    return known;
  };
  const common = new AttributeList(encoding.texts, fit.fieldBytes);
  addCommon(common, encoding, spanIdAt(rootPath));
  const marks = cellMarks(encoding);
  const spans = tree.nodes.map((node): string => {
    const list = new AttributeList(encoding.texts, fit.fieldBytes);
    list.shared(common.all);
    const name = addOwn(list, node, { ...encoding, ...tree });
    if (judgement !== undefined) list.metadata(metadataKey.pass, judgement.pass);
    list.shared(marks);
    addTextMarks(list, cell);
    return spanJson({
      traceId,
      spanId: spanIdAt(node.path),
      ...(node.parent === undefined ? {} : { parentSpanId: spanIdAt(node.parent) }),
      name: shortText(name, 200),
      startTimeUnixNano: nanoseconds(node.start),
      endTimeUnixNano: nanoseconds(node.end),
      attributes: list.all,
    });
  });
  return {
    kind: 'spans',
    body: `[${spans.join(',')}]`,
    traceId,
    ids: tree.nodes.map((node) => spanIdAt(node.path)),
  };
}

/** A span in the order of {@link OtlpSpan}, as `JSON.stringify` prints it: see `onlySpans`. */
export function spanJson(
  span: Omit<OtlpSpan, 'attributes' | 'kind' | 'status'> & {
    readonly attributes: readonly string[];
  },
): string {
  const { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano } = span;
  const parent = parentSpanId === undefined ? '' : `"parentSpanId":"${parentSpanId}",`;
  const attributes = [...span.attributes, unsentExportId].join(',');
  return (
    `{"traceId":"${traceId}","spanId":"${spanId}",${parent}"name":${JSON.stringify(name)},"kind":1,` +
    `"startTimeUnixNano":"${startTimeUnixNano}","endTimeUnixNano":"${endTimeUnixNano}",` +
    `"attributes":[${attributes}],"status":{"code":0}}`
  );
}

/** What every span carries: on a v4 server each row stands alone, and an experiment is its rows. */
function addCommon(
  list: AttributeList,
  { cell, item, run, settings }: SpanEncoding,
  rootId: string,
): void {
  const place = run.run.runs[cell.repetition - 1];
  if (place === undefined) {
    throw new AssayError('INTERNAL', `The run has no place for repetition ${cell.repetition}.`);
  }
  // Some v3 servers take a span that names its trace for what the trace itself shows.
  if (run.run.generation === 'v3') list.short(legacyMark, 'v3');
  else list.short(attribute.traceName, run.experiment);
  list.short(attribute.environment, settings.environment);
  if (settings.release !== undefined) list.short(attribute.release, settings.release);
  list.short(attribute.experimentId, place.id);
  list.short(attribute.experimentName, place.name);
  list.short(attribute.experimentDatasetId, run.run.datasetId);
  list.short(attribute.itemId, idOnPlatform(run.run.datasetName, item));
  list.short(attribute.itemRoot, rootId);
}

type NodeEncoding = SpanEncoding & Pick<SpanTree, 'callsLeftOut' | 'spansLeftOut'>;

/** Adds what only this span shows, and gives its name. */
function addOwn(list: AttributeList, node: SpanNode, encoding: NodeEncoding): string {
  const { cell, run } = encoding;
  switch (node.shows.kind) {
    case 'root':
      rootAttributes(list, encoding);
      return run.experiment;
    case 'target':
      list.short(attribute.type, 'span');
      addFailure(list, cell.status === 'target_error' ? cell.error : undefined);
      list.metadata(metadataKey.attempts, cell.attempts);
      return run.target;
    case 'evaluator': {
      const { evaluator, failure } = node.shows;
      list.short(attribute.type, 'evaluator');
      list.metadata(metadataKey.evaluator, evaluator);
      list.field('output', attribute.output, verdicts(cell, evaluator));
      addFailure(list, failure?.error);
      return evaluator;
    }
    case 'call':
      callAttributes(list, node.shows.call);
      addFailure(list, node.shows.call.error);
      return callName(node.shows.call);
    case 'traced':
      tracedAttributes(list, node.shows.span);
      return node.shows.span.name;
  }
}

function verdicts(cell: CellResult, evaluator: string): Json | undefined {
  const scores = cell.scores.filter((score) => score.evaluator === evaluator);
  if (scores.length === 0) return undefined;
  return Object.fromEntries(scores.map((score) => [score.name, score.value.value]));
}

function callName(call: CallRecord): string {
  return call.kind === 'http' ? `http ${call.model}` : call.model;
}

function addFailure(list: AttributeList, error: ErrorDocument | undefined): void {
  if (error === undefined) return;
  list.short(attribute.level, 'ERROR');
  list.short(attribute.statusMessage, `${error.code}: ${error.message}`, 4_000);
}

/** What every span of a cell says of the cell. */
function cellMarks({
  cell,
  run,
  texts,
}: SpanEncoding & { readonly texts: FieldTexts }): readonly string[] {
  const list = new AttributeList(texts, 0);
  list.metadata(metadataKey.runUid, run.runUid);
  list.metadata(metadataKey.experiment, run.experiment);
  list.metadata(metadataKey.itemId, cell.itemId);
  list.metadata(metadataKey.repetition, cell.repetition);
  list.metadata(metadataKey.revision, cell.revision);
  list.metadata(metadataKey.status, cell.status);
  return list.all;
}

/** What was done to the texts of this span. */
function addTextMarks(list: AttributeList, cell: CellResult): void {
  if (list.cutFields.length > 0) list.metadata(metadataKey.cut, list.cutFields.join(', '));
  if (list.sanitised || cell.sanitised) list.metadata(metadataKey.sanitised, 'true');
}

function nanoseconds(iso: string): string {
  const milliseconds = Date.parse(iso);
  // NaN would make the server refuse the export of every other cell in the batch, too.
  if (!Number.isFinite(milliseconds)) {
    throw new AssayError('INTERNAL', 'A record of a cell holds a time that is none.');
  }
  return `${milliseconds}000000`;
}
