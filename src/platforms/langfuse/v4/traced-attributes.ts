import type { TracedSpan } from '../../../contracts/records.js';
import type { Json } from '../../../core/json/json.js';
import { attribute } from './attributes.js';
import { metadataKey } from '../../trace/metadata-key.js';
import type { AttributeList } from './attribute-list.js';
import { usageDetails } from './call-attributes.js';

/** What a span of the team's own instrumentation shows: all that it said of itself, by Langfuse's names. */
export function tracedAttributes(list: AttributeList, span: TracedSpan): void {
  list.short(attribute.type, span.kind);
  list.field('input', attribute.input, span.input);
  list.field('output', attribute.output, span.output);
  if (span.model !== undefined) list.short(attribute.model, span.model);
  if (span.parameters !== undefined) {
    list.json('parameters', attribute.modelParameters, span.parameters);
  }
  addAmounts(list, span);
  // The SDK writes a JSON date, quotes included, and the server reads it so.
  if (span.firstTokenAt !== undefined) {
    list.short(attribute.completionStart, JSON.stringify(span.firstTokenAt));
  }
  if (span.promptName !== undefined && span.promptVersion !== undefined) {
    list.short(attribute.promptName, span.promptName);
    list.integer(attribute.promptVersion, span.promptVersion);
  }
  addState(list, span);
  if (span.provider !== undefined) list.metadata(metadataKey.provider, span.provider);
  list.metadataFields(ownMetadata(span));
}

/** Tokens and dollars as they were counted there. */
function addAmounts(list: AttributeList, { usage, usageDetails: given, costDetails }: TracedSpan) {
  const details = given ?? (usage === undefined ? undefined : usageDetails(usage));
  if (details !== undefined) list.json('usage', attribute.usage, details);
  if (costDetails !== undefined) list.json('cost', attribute.cost, costDetails);
}

function addState(list: AttributeList, { level, statusMessage, unfinished, cut }: TracedSpan) {
  const shown = unfinished === true ? (level ?? 'WARNING') : level;
  if (shown !== undefined) list.short(attribute.level, shown);
  const message =
    statusMessage ?? (unfinished === true ? 'It had not ended when the code returned.' : undefined);
  list.field('status', attribute.statusMessage, message);
  if (unfinished === true) list.metadata(metadataKey.unfinished, 'true');
  for (const field of cut ?? []) list.alreadyCut(field);
}

// Our own marks are what records are found and told apart by: nobody else writes them.
const ownMetadata = ({ metadata }: TracedSpan): readonly (readonly [string, Json])[] =>
  Object.entries(metadata).map(([key, value]) => [
    key.startsWith('assay.') ? `user.${key}` : key,
    value,
  ]);
