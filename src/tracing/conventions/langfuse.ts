import type { Usage } from '../../contracts/records.js';
import type { JsonObject } from '../../core/json/json.js';
import type { AttributeReader } from '../attribute-reader.js';
import { isKind, present, type SpanFields } from './fields.js';

const prefix = 'langfuse.observation.';
const metadataKey = `${prefix}metadata`;

/**
 * What `@langfuse/tracing` and `@langfuse/openai` write on a span.
 * Source: `LangfuseOtelSpanAttributes` of `@langfuse/core` 5.11.
 */
export function langfuseFields(reader: AttributeReader): SpanFields {
  for (const key of reader.keys) if (ofTrace.has(key) || isOfExperiment(key)) reader.ignore(key);
  const type = reader.text(`${prefix}type`)?.toLowerCase();
  const level = reader.text(`${prefix}level`)?.toUpperCase();
  const usageDetails = reader.numbers(`${prefix}usage_details`);
  const firstTokenAt = timeOf(reader.text(`${prefix}completion_start_time`));
  const metadata = metadataOf(reader);
  return present({
    kind: type !== undefined && isKind(type) ? type : undefined,
    input: reader.json('input', `${prefix}input`),
    output: reader.json('output', `${prefix}output`),
    model: reader.text(`${prefix}model.name`),
    parameters: parametersOf(reader),
    usageDetails,
    usage: usageDetails === undefined ? undefined : usageOf(usageDetails),
    costDetails: reader.numbers(`${prefix}cost_details`),
    firstTokenAt,
    promptName: reader.text(`${prefix}prompt.name`),
    promptVersion: reader.number(`${prefix}prompt.version`),
    level: level === 'DEBUG' || level === 'WARNING' || level === 'ERROR' ? level : undefined,
    statusMessage: reader.text(`${prefix}status_message`),
    metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
  });
}

// The trace is the cell's: its name, its environment and what it belongs to are not for one of its spans to say.
const ofTrace: ReadonlySet<string> = new Set([
  'langfuse.trace.name',
  'langfuse.trace.public',
  'langfuse.trace.input',
  'langfuse.trace.output',
  'langfuse.environment',
  'langfuse.release',
]);

const isOfExperiment = (key: string): boolean =>
  key.startsWith('langfuse.experiment.') || key.startsWith('langfuse.internal.');

/** `@langfuse/openai` writes every parameter of OpenAI, those that were not given too. */
function parametersOf(reader: AttributeReader): JsonObject | undefined {
  const all = reader.object('parameters', `${prefix}model.parameters`);
  if (all === undefined) return undefined;
  const given = Object.entries(all).filter(([, value]) => value !== null && value !== '');
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function metadataOf(reader: AttributeReader): JsonObject {
  const whole = reader.json('metadata', metadataKey);
  const members = reader.keys
    .filter((key) => key.startsWith(`${metadataKey}.`))
    .map((key) => [key.slice(metadataKey.length + 1), reader.json('metadata', key) ?? ''] as const);
  return Object.fromEntries([
    ...(whole === undefined ? [] : [['metadata', whole] as const]),
    ...members,
  ]);
}

/** Written as JSON, quotes included. */
function timeOf(text: string | undefined): string | undefined {
  const time = Date.parse(text?.replaceAll('"', '') ?? '');
  return Number.isFinite(time) && time >= 0 ? new Date(time).toISOString() : undefined;
}

/** Kinds that begin alike are added up, as the platform does; a few libraries count by OpenAI's own names. */
function usageOf(details: Readonly<Record<string, number>>): Usage | undefined {
  const entries = Object.entries(details);
  const sum = (side: RegExp): number | undefined => {
    const of = entries.filter(([key]) => side.test(key));
    return of.length === 0 ? undefined : of.reduce((total, [, count]) => total + count, 0);
  };
  const input = sum(/^input/iu) ?? sum(/^prompt_?tokens$/iu);
  const output = sum(/^output/iu) ?? sum(/^completion_?tokens$/iu);
  if (input === undefined && output === undefined) return undefined;
  const cached = sum(/^input.*cache(?!.*creation)/iu);
  const reasoning = sum(/^output.*reasoning/iu);
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    ...(cached === undefined ? {} : { cachedInputTokens: cached }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
  };
}
