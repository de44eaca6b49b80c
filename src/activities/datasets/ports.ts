import type { ExperimentPorts } from '../experiment/ports.js';

/** What the activities of datasets are made of. */
export type DatasetPorts = Pick<ExperimentPorts, 'store' | 'project' | 'platforms' | 'draining'>;
