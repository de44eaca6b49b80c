import type { Dataset } from './datasets/dataset.js';
import type { ExampleState } from './datasets/history.js';
import { examplesAt, versionsOf } from './datasets/history.js';
import type { Feedback } from './feedback/feedback.js';
import type { Repo } from './prompts/repo.js';
import type { Run } from './runs/run.js';
import type { Session } from './sessions/session.js';
import type { Workspace } from './workspace.js';

/** What a workspace holds, for assertions: rows as they stand in its tables, whether they can be read yet or not. */
export class Inspection {
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  get workspaceId(): string {
    return this.#workspace.id;
  }

  get datasets(): readonly Dataset[] {
    return [...this.#workspace.datasets.values()];
  }

  get sessions(): readonly Session[] {
    return [...this.#workspace.sessions.values()];
  }

  get runs(): readonly Run[] {
    return [...this.#workspace.runs.values()];
  }

  get feedback(): readonly Feedback[] {
    return [...this.#workspace.feedback.values()];
  }

  get repos(): readonly Repo[] {
    return [...this.#workspace.repos.values()];
  }

  /** The examples of the newest version of a dataset; none where there is no such dataset. */
  examples(datasetName: string): readonly ExampleState[] {
    const dataset = this.#named(datasetName);
    return dataset === undefined ? [] : examplesAt(dataset);
  }

  /** How many versions the dataset has: one for each request that changed an example. */
  versions(datasetName: string): number {
    const dataset = this.#named(datasetName);
    return dataset === undefined ? 0 : versionsOf(dataset).length;
  }

  /** Ids of runs whose updates came, but which never came themselves. */
  get runsThatNeverCame(): readonly string[] {
    return [...this.#workspace.earlyPatches.keys()];
  }

  #named(name: string): Dataset | undefined {
    return this.datasets.find((dataset) => dataset.name === name);
  }
}
