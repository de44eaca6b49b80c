import { SpanStatusCode, type HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

import type { TracedSpan } from '../contracts/records.js';
import { wellFormed } from '../core/text/well-formed.js';
import { genAiFields } from './conventions/gen-ai.js';
import { langfuseFields } from './conventions/langfuse.js';
import { createReader } from './attribute-reader.js';

/** What an SDK's span says, as the record that all platforms read. */
export function readSpan(
  span: ReadableSpan,
  at: {
    readonly path: string;
    readonly parent: string;
    readonly unfinished: boolean;
    /** Without what can be large. */
    readonly bare: boolean;
  },
): TracedSpan {
  const { path, parent, unfinished, bare } = at;
  const reader = createReader(span.attributes, { bare });
  // The SDK of Langfuse says outright what others leave to be found out.
  const said = langfuseFields(reader);
  const found = genAiFields(reader, span);
  const { metadata: named, ...fields } = { ...found, ...said };
  const metadata = reader.rest({ ...found.metadata, ...named });
  const startedAt = timeOf(span.startTime);
  const endedAt = timeOf(span.endTime);
  return {
    path,
    parent,
    name: wellFormed(span.name.slice(0, longestName)).text,
    kind: 'span',
    startedAt,
    endedAt: endedAt < startedAt ? startedAt : endedAt,
    ...failureOf(span),
    ...fields,
    metadata,
    ...(unfinished ? { unfinished } : {}),
    ...(reader.cut.length === 0 ? {} : { cut: reader.cut }),
  };
}

const longestName = 200;
/** The last moment that ISO 8601 writes with four digits for the year. */
const lastMoment = 253_402_300_799_999;

/** Code may give any time for its spans' starts and ends. */
function timeOf([seconds, nanoseconds]: HrTime): string {
  const milliseconds = Math.trunc(seconds * 1_000 + nanoseconds / 1_000_000);
  const usable = Number.isFinite(milliseconds) ? milliseconds : Date.now();
  return new Date(Math.min(Math.max(usable, 0), lastMoment)).toISOString();
}

function failureOf({ status, events }: ReadableSpan): Pick<TracedSpan, 'level' | 'statusMessage'> {
  if (status.code !== SpanStatusCode.ERROR) return {};
  const exception = events.findLast(({ name }) => name === 'exception')?.attributes;
  const message = status.message ?? exception?.['exception.message'];
  return {
    level: 'ERROR',
    ...(typeof message === 'string' && message !== ''
      ? { statusMessage: wellFormed(message.slice(0, longestMessage)).text }
      : {}),
  };
}

const longestMessage = 4_000;
