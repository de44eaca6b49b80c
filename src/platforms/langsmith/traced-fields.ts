import type { TracedSpan, TracedSpanKind } from '../../contracts/records.js';
import { metadataKey } from '../trace/metadata-key.js';
import { usageOf, type CallFields } from './call-fields.js';
import type { RunFields } from './run-fields.js';

/** LangSmith knows fewer kinds; what has none of its own is a step of a chain, and says what it was. */
const runTypes: Readonly<Partial<Record<TracedSpanKind, string>>> = {
  generation: 'llm',
  embedding: 'embedding',
  tool: 'tool',
  retriever: 'retriever',
};

/** What a span of the team's own instrumentation shows: all that it said of itself, by LangSmith's names. */
export function tracedFields(
  fields: RunFields,
  span: TracedSpan,
): CallFields & { readonly runType: string; readonly error?: string } {
  const { input, output, parameters, firstTokenAt, level, statusMessage } = span;
  const runType = runTypes[span.kind] ?? 'chain';
  for (const [key, value] of Object.entries(span.metadata)) {
    // Our own marks are what records are found and told apart by: nobody else writes them.
    fields.own(key.startsWith('assay.') ? `user.${key}` : key, value);
  }
  if (runTypes[span.kind] === undefined) fields.mark('assay.span_kind', span.kind);
  addModel(fields, span);
  if (span.unfinished === true) fields.mark(metadataKey.unfinished, true);
  if (level !== undefined && level !== 'ERROR') fields.mark('assay.level', level);
  for (const name of span.cut ?? []) fields.alreadyCut(name);
  return {
    runType,
    inputs: input === undefined ? {} : fields.object('input', input, 'input'),
    ...(output === undefined ? {} : { outputs: fields.object('output', output, 'output') }),
    ...(parameters === undefined
      ? {}
      : { invocation: fields.object('parameters', parameters, 'value') }),
    ...(firstTokenAt === undefined ? {} : { events: [{ name: 'new_token', time: firstTokenAt }] }),
    ...(level === 'ERROR' ? { error: statusMessage ?? 'It failed.' } : {}),
  };
}

function addModel(fields: RunFields, span: TracedSpan): void {
  if (span.provider !== undefined) fields.mark('ls_provider', span.provider);
  if (span.model !== undefined) fields.mark('ls_model_name', span.model);
  const { total, ...kinds } = span.costDetails ?? {};
  const cost = total ?? sumOf(Object.values(kinds));
  const usage = {
    ...(span.usage === undefined ? {} : usageOf(span.usage)),
    ...(cost === undefined ? {} : { total_cost: cost }),
  };
  if (Object.keys(usage).length > 0) fields.metadata['usage_metadata'] = usage;
  if (span.promptName !== undefined && span.promptVersion !== undefined) {
    fields.mark('assay.prompt', span.promptName);
    fields.mark('assay.prompt_version', span.promptVersion);
  }
}

const sumOf = (amounts: readonly number[]): number | undefined =>
  amounts.length === 0 ? undefined : amounts.reduce((sum, each) => sum + each, 0);
