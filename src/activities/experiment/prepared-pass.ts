import type { PassDetails } from '../../contracts/pass.js';
import type { NewPass } from '../../store/passes/open-pass.js';

/** What a pass changes of the run, decided before it is opened. */
export interface PreparedPass {
  readonly details: PassDetails;
  readonly changes?: NonNullable<NewPass['changes']>;
}
