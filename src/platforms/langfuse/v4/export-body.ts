import type { OutboundExport } from '../../port.js';
import { attributeJson } from './attribute-list.js';
import { attribute } from './attributes.js';
import { metadataKey } from '../../trace/metadata-key.js';

/** The last attribute of every stored span: the export id's place, open until the record is sent. */
const exportIdKey = `${attribute.metadata}.${metadataKey.exportId}`;
export const unsentExportId = attributeJson(exportIdKey, '');

// Quotes within JSON texts are escaped, so no input or output can hold these fragments: they match only our own place.
const open = `${JSON.stringify(exportIdKey)},"value":{"stringValue":"`;
const openInScore = `${JSON.stringify(metadataKey.exportId)}:"`;

/** A stored body of spans with the export id put in. Equal arguments give equal bytes. */
export function withExportId(body: string, exportId: string): string {
  return fill(body, open, exportId);
}

/** {@link withExportId} for a stored body of scores. */
function withScoreExportId(body: string, exportId: string): string {
  return fill(body, openInScore, exportId);
}

function fill(body: string, fragment: string, exportId: string): string {
  const value = JSON.stringify(exportId).slice(1, -1);
  // By split and join: a replacement text would give `$` in the id a meaning.
  return body.split(`${fragment}"`).join(`${fragment}${value}"`);
}

/** What an older server needs beside the spans. */
export interface OlderServer {
  /** That of the keys: before 3.140 a server refuses spans of this scope that do not name it. */
  readonly publicKey: string;
  /** Before 3.81 ids that come as text are taken for bytes, and then printed as hex once more. */
  readonly idsAsBytes: boolean;
}

/** The OTLP request of an export. Records are joined as texts: their bytes are what was stored. */
export function otlpBody(batch: OutboundExport, older?: OlderServer): string {
  const joined = joinArrays(batch.records.map(({ body }) => withExportId(body, batch.exportId)));
  const spans = older?.idsAsBytes === true ? withIdsAsBytes(joined) : joined;
  const named =
    older === undefined
      ? ''
      : `,"attributes":[{"key":"public_key","value":{"stringValue":${JSON.stringify(older.publicKey)}}}]`;
  // The server copies all attributes into the metadata of spans whose scope is not named so.
  return `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"assay"}}]},"scopeSpans":[{"scope":{"name":"langfuse-sdk"${named}},"spans":[${spans}]}]}]}`;
}

// Quotes within texts are escaped, so this matches members only.
const idMember = /"(traceId|spanId|parentSpanId)":"([0-9a-f]+)"/g;

function withIdsAsBytes(spans: string): string {
  return spans.replaceAll(
    idMember,
    (_, name: string, hex: string) =>
      `"${name}":{"data":[${[...Buffer.from(hex, 'hex')].join(',')}]}`,
  );
}

/** The `/ingestion` request of an export of scores. */
export function ingestionBody(batch: OutboundExport): string {
  const events = joinArrays(
    batch.records.map(({ body }) => withScoreExportId(body, batch.exportId)),
  );
  return `{"batch":[${events}]}`;
}

function joinArrays(bodies: readonly string[]): string {
  return bodies
    .map((body) => body.trim().slice(1, -1))
    .filter((inner) => inner !== '')
    .join(',');
}
