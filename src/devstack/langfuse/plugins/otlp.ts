import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import type { DevServerContext, Plugin } from '../context.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { hex } from '../ids.js';
import { writesV3, writesV4 } from '../mode.js';
import { checkExport, otlpRefusal } from '../otlp/export-request.js';
import { decodeProtobuf } from '../otlp/protobuf.js';
import type { ParsedExport } from '../otlp/span-store.js';
import { isLost, storeExport } from '../otlp/span-store.js';
import { otlpParts } from '../v3/otlp-parts.js';
import { storeV3 } from '../v3/store.js';
import { modelPrices } from './models.js';

const inflate = promisify(gunzip);
// A bomb of a few kB must not fill the memory; far above what 4.5 MB of spans compress from.
const inflatedLimit = 128 * 1024 * 1024;
const newestIngestion = 4;

export const otlp: Plugin = (context) => [
  {
    path: '/api/public/otel/v1/traces',
    raw: true,
    methods: { POST: (call) => receive(context, call) },
  },
];

async function receive(context: DevServerContext, call: Call): Promise<Reply> {
  checkIngestionVersion(call.headers['x-langfuse-ingestion-version']);
  const parsed = await parseExport(call);
  if (!parsed.request.resourceSpans.some((part) => part.scopeSpans?.some(hasSpans))) return ok({});
  await store(context, call, parsed);
  return ok(queueJob(context, call));
}

/** Into the v4 tables, the v3 tables, or both: in `dual` the headers decide who waits for a job. */
async function store(
  context: DevServerContext,
  { headers }: Call,
  parsed: ParsedExport,
): Promise<void> {
  const direct = context.mode === 'events_only' || isDirect(headers);
  if (writesV4(context) && direct) await storeExport(context, parsed, await modelPrices(context));
  if (!writesV3(context) || isLost(parsed)) return;
  const write = { delayMs: context.visibility.spansMs(), indirect: !direct };
  await storeV3(context, otlpParts(parsed.request), write);
}

/** The version header, or one of an SDK that writes for v4. */
function isDirect(headers: Call['headers']): boolean {
  if (headers['x-langfuse-ingestion-version'] !== undefined)
    return Number(headers['x-langfuse-ingestion-version']) >= newestIngestion;
  const major = Number.parseInt(String(headers['x-langfuse-sdk-version'] ?? ''), 10);
  const first = { javascript: 5, python: 4 }[String(headers['x-langfuse-sdk-name'] ?? '')];
  return first !== undefined && major >= first;
}

const hasSpans = (scope: { readonly spans?: readonly unknown[] }) => (scope.spans ?? []).length > 0;

function checkIngestionVersion(given: string | string[] | undefined): void {
  if (given === undefined) return;
  const version = Number(given);
  if (!(version <= newestIngestion))
    throw otlpRefusal(
      `Unsupported x-langfuse-ingestion-version: "${String(given)}". Maximum supported: "${newestIngestion}".`,
    );
}

async function parseExport(call: Call): Promise<ParsedExport> {
  const type = call.headers['content-type'] ?? '';
  const isJson = type.includes('application/json');
  if (!isJson && !type.includes('application/x-protobuf'))
    throw otlpRefusal('Invalid content type');
  const bytes = await decompress(call);
  if (!isJson) {
    const request = checkExport(
      tryOr('Failed to parse OTel Protobuf Trace', () => decodeProtobuf(bytes)),
    );
    return { request, suspect: true };
  }
  const text = bytes.toString('utf8');
  const request = checkExport(
    tryOr('Failed to parse OTel JSON Trace', () => JSON.parse(text) as unknown),
  );
  return { request, suspect: /\\u[dD][89a-fA-F]/.test(text) };
}

async function decompress({ headers, rawBody }: Call): Promise<Buffer> {
  if (headers['content-encoding'] !== 'gzip') return rawBody;
  try {
    return await inflate(rawBody, { maxOutputLength: inflatedLimit });
  } catch {
    throw otlpRefusal('Failed to decompress request body');
  }
}

function tryOr<T>(message: string, work: () => T): T {
  try {
    return work();
  } catch {
    throw otlpRefusal(message);
  }
}

/** The real answer is the job of its queue, not an OTLP response; clients only look at the status. */
function queueJob({ project, publicKey }: DevServerContext, { headers }: Call) {
  const now = new Date();
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const ingestionVersion = header('x-langfuse-ingestion-version');
  const path = now.toISOString().slice(0, 16).replace(/[-T:]/g, '/');
  return {
    name: 'otel-ingestion-job',
    data: {
      id: randomUUID(),
      timestamp: now,
      name: 'otel-ingestion-job',
      payload: {
        data: { fileKey: `events/otel/${project.id}/${path}/${randomUUID()}.json`, publicKey },
        authCheck: {
          validKey: true,
          scope: {
            projectId: project.id,
            accessLevel: 'project',
            orgId: `org-${project.name}`,
          },
        },
        sdkName: header('x-langfuse-sdk-name') ?? 'unknown',
        sdkVersion: header('x-langfuse-sdk-version') ?? 'unknown',
        ...(ingestionVersion === undefined ? {} : { ingestionVersion }),
      },
    },
    opts: {
      attempts: 6,
      removeOnComplete: true,
      removeOnFail: 100_000,
      backoff: { type: 'exponential', delay: 5_000 },
    },
    id: hex(4),
    progress: 0,
    returnvalue: null,
    stacktrace: null,
    priority: 0,
    attemptsStarted: 0,
    attemptsMade: 0,
    stalledCounter: 0,
    timestamp: now.getTime(),
    queueQualifiedName: 'bull:otel-ingestion-queue',
  };
}
