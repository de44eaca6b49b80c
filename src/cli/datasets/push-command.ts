import type { Backend } from '../../contracts/backend.js';

/** The options of `assay datasets push`. */
export interface PushCommand {
  readonly backend?: Backend;
  readonly archiveRemoved?: boolean;
  readonly wait?: number;
  readonly all?: boolean;
  readonly dryRun?: boolean;
}
