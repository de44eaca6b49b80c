import type { ExperimentPorts } from '../experiment/ports.js';

/** What the activities of moves between platforms are made of. */
export type MigrationPorts = Pick<
  ExperimentPorts,
  'store' | 'databaseUrl' | 'project' | 'platforms' | 'holder' | 'draining' | 'log'
>;
