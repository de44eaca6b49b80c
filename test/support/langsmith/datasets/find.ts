import { notFound } from '../http/errors.js';
import type { Call, Half } from '../http/exchange.js';
import { uuidParam } from '../http/validate.js';
import type { Workspace } from '../workspace.js';
import type { Dataset } from './dataset.js';
import type { ExampleState } from './history.js';

export function datasetById(workspace: Workspace, id: string, half?: Half): Dataset {
  const dataset = workspace.datasets.get(id);
  if (dataset === undefined) throw notFound('Dataset not found', half);
  return dataset;
}

export const datasetOf = ({ workspace, params }: Call, half?: Half): Dataset =>
  datasetById(workspace, uuidParam(params, 'dataset'), half);

/** The dataset that holds (or held) the example, and all its states. */
export function exampleById(
  workspace: Workspace,
  id: string,
): { readonly dataset: Dataset; readonly history: ExampleState[] } | undefined {
  for (const dataset of workspace.datasets.values()) {
    const history = dataset.histories.get(id);
    if (history !== undefined) return { dataset, history };
  }
  return undefined;
}
