/**
 * Names of span attributes that a Langfuse server reads. A test compares them with `@langfuse/core`'s, whose
 * package is too heavy to load for a few constants.
 */
export const attribute = {
  traceName: 'langfuse.trace.name',
  environment: 'langfuse.environment',
  release: 'langfuse.release',
  type: 'langfuse.observation.type',
  level: 'langfuse.observation.level',
  statusMessage: 'langfuse.observation.status_message',
  input: 'langfuse.observation.input',
  output: 'langfuse.observation.output',
  metadata: 'langfuse.observation.metadata',
  model: 'langfuse.observation.model.name',
  modelParameters: 'langfuse.observation.model.parameters',
  usage: 'langfuse.observation.usage_details',
  cost: 'langfuse.observation.cost_details',
  completionStart: 'langfuse.observation.completion_start_time',
  promptName: 'langfuse.observation.prompt.name',
  promptVersion: 'langfuse.observation.prompt.version',
  experimentId: 'langfuse.experiment.id',
  experimentName: 'langfuse.experiment.name',
  experimentDescription: 'langfuse.experiment.description',
  experimentMetadata: 'langfuse.experiment.metadata',
  experimentDatasetId: 'langfuse.experiment.dataset.id',
  itemId: 'langfuse.experiment.item.id',
  itemRoot: 'langfuse.experiment.item.root_observation_id',
  itemExpected: 'langfuse.experiment.item.expected_output',
  itemMetadata: 'langfuse.experiment.item.metadata',
} as const;

/**
 * On every span that was made for a v3 server, with the value `v3`. No server reads it: it tells whoever sends the span that
 * its trace has to be put into a run besides.
 */
export const legacyMark = 'assay.langfuse';

/** One attribute of an OTLP span in JSON (OTLP 1.x, `KeyValue`). */
export interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

/** An OTLP span in JSON, as far as we send it. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 1;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly code: 0 };
}
