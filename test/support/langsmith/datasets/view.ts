import { zonedIso } from '../clock.js';
import type { ObjectMap } from '../http/validate.js';
import type { Dataset } from './dataset.js';
import type { ExampleState } from './history.js';

/** An example as the API shows it. */
export function exampleView(dataset: Dataset, state: ExampleState): ObjectMap {
  return {
    id: state.id,
    name: `#${state.id.slice(0, 4)} @ ${dataset.name}`,
    dataset_id: dataset.id,
    created_at: zonedIso(state.createdAt),
    modified_at: zonedIso(state.at),
    inputs: state.inputs,
    outputs: state.outputs,
    metadata: state.metadata,
    source_run_id: state.sourceRunId,
    attachment_urls: null,
  };
}
