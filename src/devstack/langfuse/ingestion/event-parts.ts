import { randomUUID } from 'node:crypto';

import { cleanEnvironment } from '../environment.js';
import type { Metadata, ObservationPart, TracePart, V3Detail } from '../v3/parts.js';
import type { ObservationBody, TraceBody } from './event-schemas.js';
import { givenCost, givenUsage } from './usage-input.js';

/** What a `trace-create` event says. */
export function tracePartOf(body: TraceBody, eventTime: string): TracePart {
  return {
    id: body.id ?? randomUUID(),
    timestamp: utc(body.timestamp ?? eventTime) ?? eventTime,
    name: body.name ?? undefined,
    user_id: body.userId ?? undefined,
    session_id: body.sessionId ?? undefined,
    environment: environmentOf(body.environment),
    release: body.release ?? undefined,
    version: body.version ?? undefined,
    public: body.public ?? undefined,
    tags: body.tags === undefined || body.tags === null ? undefined : [...body.tags].sort(),
    input: textOf(body.input),
    output: textOf(body.output),
    metadata: metadataOf(body.metadata),
  };
}

/** What an event of an observation says; one without a trace makes a trace of its own. */
export function observationPartsOf(
  body: ObservationBody,
  type: string | undefined,
  eventTime: string,
): { observation: ObservationPart; trace: TracePart | undefined } {
  const id = body.id ?? randomUUID();
  const observation: ObservationPart = {
    id,
    trace_id: body.traceId ?? undefined,
    replaces: false,
    type: type ?? body.type?.toUpperCase(),
    parent_id: body.parentObservationId ?? undefined,
    start_time: utc(body.startTime),
    end_time: utc(body.endTime),
    name: body.name ?? undefined,
    level: body.level ?? undefined,
    environment: environmentOf(body.environment),
    version: body.version ?? undefined,
    model: body.model ?? undefined,
    input: textOf(body.input),
    output: textOf(body.output),
    metadata: metadataOf(body.metadata),
    detail: detailOf(body),
  };
  return { observation, trace: loneTrace(observation, body, eventTime) };
}

function loneTrace(
  { id, name, environment, start_time: start }: ObservationPart,
  body: ObservationBody,
  eventTime: string,
): TracePart | undefined {
  const creates = body.startTime !== undefined && body.startTime !== null;
  if (!creates || (body.traceId ?? undefined) !== undefined) return undefined;
  return { id, name, environment, timestamp: start ?? eventTime };
}

function detailOf(body: ObservationBody): V3Detail {
  const usage = givenUsage(body.usage ?? undefined, body.usageDetails ?? undefined);
  const cost = givenCost(body.usage ?? undefined, body.costDetails ?? undefined);
  const completion = utc(body.completionStartTime);
  return {
    ...(body.statusMessage ? { statusMessage: body.statusMessage } : {}),
    ...(completion === undefined ? {} : { completionStartTime: completion }),
    ...(body.modelParameters ? { modelParameters: body.modelParameters } : {}),
    ...(body.promptName ? { promptName: body.promptName } : {}),
    ...(typeof body.promptVersion === 'number' ? { promptVersion: body.promptVersion } : {}),
    ...(usage === undefined ? {} : { givenUsage: usage }),
    ...(cost === undefined ? {} : { givenCost: cost }),
  };
}

const utc = (time: string | null | undefined): string | undefined =>
  time === null || time === undefined ? undefined : new Date(time).toISOString();

const environmentOf = (given: string | null | undefined): string | undefined =>
  given === null || given === undefined ? undefined : cleanEnvironment(given);

/** Inputs and outputs are kept as text: strings as they are, the rest as JSON. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Metadata that is no map is kept under the key `metadata`. */
function metadataOf(value: unknown): Metadata | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'object' && !Array.isArray(value)
    ? (value as Metadata)
    : { metadata: value };
}
