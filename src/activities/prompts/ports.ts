import type { ExperimentPorts } from '../experiment/ports.js';

/** What the activities of prompts are made of. */
export type PromptPorts = Pick<ExperimentPorts, 'store' | 'project' | 'platforms'>;
