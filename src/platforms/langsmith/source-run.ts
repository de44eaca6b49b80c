import { withZone } from './moments.js';
import type { TracedSpanKind, Usage } from '../../contracts/records.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import type { ForeignSpan, ForeignTrace } from '../trace-port.js';
import { isObject } from '../../core/json/json.js';
import type { SourceRun } from './source-answers.js';

const kinds: Readonly<Record<string, TracedSpanKind>> = {
  llm: 'generation',
  chain: 'chain',
  tool: 'tool',
  retriever: 'retriever',
  embedding: 'embedding',
};

/** Metadata that has a place of its own in a trace. */
const conversationKeys = ['session_id', 'thread_id', 'conversation_id'] as const;
const placedKeys = new Set(['ls_model_name', 'ls_provider', 'usage_metadata', 'user_id']);

/** A trace of runs; the root must be among them. */
export function foreignTrace(id: string, runs: readonly SourceRun[]): ForeignTrace | undefined {
  const root = runs.find((run) => isRoot(run));
  if (root === undefined) return undefined;
  const rest = runs.filter((run) => run !== root).sort(byOrder);
  const metadata = metadataOf(root);
  const conversation = conversationKeys.map((key) => text(metadata[key])).find(isText);
  const user = text(metadata['user_id']);
  return {
    id,
    spans: [root, ...rest].map(foreignSpan),
    ...(isText(root.reference_example_id) ? { itemId: root.reference_example_id } : {}),
    ...(conversation === undefined ? {} : { sessionId: conversation }),
    ...(user === undefined ? {} : { userId: user }),
    tags: [...new Set(runs.flatMap(({ tags }) => tags ?? []))],
    notCarried: notCarried(runs),
  };
}

export const isRoot = ({ parent_run_id }: SourceRun): boolean => !isText(parent_run_id);

const byOrder = (a: SourceRun, b: SourceRun): number => {
  const [left, right] = [a.dotted_order ?? a.start_time, b.dotted_order ?? b.start_time];
  return left < right ? -1 : left > right ? 1 : 0;
};

function foreignSpan(run: SourceRun): ForeignSpan {
  const metadata = metadataOf(run);
  const model = text(metadata['ls_model_name']);
  const provider = text(metadata['ls_provider']);
  const kind = kinds[run.run_type] ?? 'span';
  const isCall = kind === 'generation' || kind === 'embedding';
  const usage = isCall ? usageOf(run, metadata) : undefined;
  const cost = isCall ? (count(usageOfMetadata(metadata)['total_cost']) ?? run.total_cost) : null;
  const parameters = run.extra?.['invocation_params'];
  const firstTokenAt = run.first_token_time ?? firstToken(run);
  return {
    id: run.id,
    ...(isRoot(run) ? {} : { parentId: run.parent_run_id ?? '' }),
    name: run.name,
    kind,
    startedAt: run.start_time,
    ...(isText(run.end_time) ? { endedAt: run.end_time } : {}),
    ...(isCall && firstTokenAt !== undefined ? { firstTokenAt: withZone(firstTokenAt) } : {}),
    ...shown('input', run.inputs),
    ...shown('output', run.outputs),
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
    ...(isCall && isObject(parameters) ? { parameters } : {}),
    ...(usage === undefined ? {} : { usage }),
    ...(cost === null || cost === undefined ? {} : { costDetails: { total: cost } }),
    ...(isText(run.error) ? { level: 'ERROR' as const, statusMessage: run.error } : {}),
    metadata: {
      ...Object.fromEntries(Object.entries(metadata).filter(([key]) => !placedKeys.has(key))),
      ...(kinds[run.run_type] === undefined ? { 'langsmith.run_type': run.run_type } : {}),
    },
  };
}

/** LangSmith knows objects only; what was wrapped to be one is unwrapped where nothing else stands beside it. */
function shown(field: 'input' | 'output', value: JsonObject | null | undefined) {
  if (value === null || value === undefined) return {};
  const entries = Object.entries(value);
  const [only] = entries;
  const wrapper = entries.length === 1 && only?.[0] === field ? only[1] : undefined;
  return { [field]: wrapper ?? value };
}

const metadataOf = ({ extra }: SourceRun): JsonObject => {
  const metadata = extra?.['metadata'];
  return isObject(metadata) ? metadata : {};
};

const usageOfMetadata = (metadata: JsonObject): JsonObject => {
  const usage = metadata['usage_metadata'];
  return isObject(usage) ? usage : {};
};

function usageOf(run: SourceRun, metadata: JsonObject): Usage | undefined {
  const usage = usageOfMetadata(metadata);
  const inputTokens = count(usage['input_tokens']) ?? run.prompt_tokens ?? undefined;
  const outputTokens = count(usage['output_tokens']) ?? run.completion_tokens ?? undefined;
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const cached = detail(usage, 'input_token_details', 'cache_read');
  const reasoning = detail(usage, 'output_token_details', 'reasoning');
  return {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    ...(cached === undefined ? {} : { cachedInputTokens: cached }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
  };
}

function detail(usage: JsonObject, group: string, name: string): number | undefined {
  const details = usage[group];
  return isObject(details) ? count(details[name]) : undefined;
}

function firstToken({ events }: SourceRun): string | undefined {
  const event = events?.find((each) => isObject(each) && each['name'] === 'new_token');
  return isObject(event) ? text(event['time']) : undefined;
}

/** What the other side has no place for. */
function notCarried(runs: readonly SourceRun[]): readonly string[] {
  const attachments = runs.filter(({ s3_urls: urls }) =>
    Object.keys(urls ?? {}).some((key) => key.startsWith('attachment')),
  ).length;
  const events = runs.reduce((sum, { events: list }) => sum + others(list ?? []), 0);
  return [
    ...(attachments === 0 ? [] : [`attachments of ${attachments} runs`]),
    ...(events === 0 ? [] : [`${events} events of runs`]),
  ];
}

/** Starts, ends and first tokens stand in the span's own times. */
const others = (events: readonly Json[]): number =>
  events.filter(
    (event) =>
      !isObject(event) || !['start', 'end', 'new_token'].includes(text(event['name']) ?? ''),
  ).length;

const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const isText = (value: string | null | undefined): value is string =>
  typeof value === 'string' && value !== '';
const count = (value: Json | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;
