import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { DatasetItem } from '../../contracts/records.js';
import { withoutPlatformMarks } from '../../platforms/item-marks.js';
import type { Platform } from '../../platforms/port.js';

type Whose = Pick<ExperimentSpec, 'dataset'>;

/** Whether a run's dataset lives on another platform than this one, which then gets it from us. */
export const isForeign = ({ dataset }: Whose, { name }: Pick<Platform, 'name'>): boolean =>
  dataset.source !== undefined && dataset.source !== name;

/** An item as one of the run's platforms knows it: the id that another one gave it means nothing there. */
export const itemFor = (
  spec: Whose,
  platform: Pick<Platform, 'name'>,
  item: DatasetItem,
): DatasetItem => (isForeign(spec, platform) ? withoutPlatformMarks(item) : item);
