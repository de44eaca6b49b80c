import { zonedIso } from '../clock.js';
import type { ObjectMap } from '../http/validate.js';
import type { Workspace } from '../workspace.js';
import type { ExampleState } from './history.js';
import { examplesAt } from './history.js';

export interface Dataset {
  readonly id: string;
  name: string;
  description: string | null;
  readonly createdAt: number;
  modifiedAt: number;
  readonly dataType: string;
  metadata: ObjectMap | null;
  inputsSchema: ObjectMap | null;
  outputsSchema: ObjectMap | null;
  transformations: readonly unknown[] | null;
  /** Every state that an example ever had, oldest first. */
  readonly histories: Map<string, ExampleState[]>;
  /** The moment of the version that a tag stands on. `latest` is not among them. */
  readonly tags: Map<string, number>;
}

/** As the API shows it; the counts are of now. */
export function datasetView(workspace: Workspace, dataset: Dataset): ObjectMap {
  const sessions = [...workspace.sessions.values()].filter(
    (session) => session.referenceDatasetId === dataset.id,
  );
  const lastStart = Math.max(0, ...sessions.map((session) => session.startTime));
  return {
    id: dataset.id,
    name: dataset.name,
    description: dataset.description,
    tenant_id: workspace.id,
    created_at: zonedIso(dataset.createdAt),
    modified_at: zonedIso(dataset.modifiedAt),
    data_type: dataset.dataType,
    metadata: dataset.metadata,
    inputs_schema_definition: dataset.inputsSchema,
    outputs_schema_definition: dataset.outputsSchema,
    transformations: dataset.transformations,
    externally_managed: false,
    example_count: examplesAt(dataset).length,
    session_count: sessions.length,
    last_session_start_time: lastStart === 0 ? null : zonedIso(lastStart),
  };
}
