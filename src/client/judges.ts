import type { CalibrationDocument } from '../core/calibration/calibration-report.js';
import { AssayError } from '../core/errors/assay-error.js';
import { getArtefact } from '../store/artefacts.js';
import { findExperiment } from '../store/experiments.js';
import type { ExperimentKey } from './experiments.js';
import type { Transport } from './transport.js';

/** What is known of judges. */
export interface Judges {
  /**
   * How well the evaluators of a run over a labelled set agree with its labels, as it was computed at the end of the run.
   * Start such a run as an experiment of the target `assay.replay`.
   * @throws AssayError CALIBRATION_NOT_FOUND, EXPERIMENT_NOT_FOUND
   */
  calibration(key: ExperimentKey): Promise<CalibrationDocument>;
  /** The same as markdown. */
  calibrationText(key: ExperimentKey): Promise<string>;
}

export function createJudges(transport: Transport): Judges {
  const read = async (key: ExperimentKey, file: string): Promise<string> => {
    const store = await transport.store();
    const record = await findExperiment(store, key);
    if (record === undefined) {
      throw new AssayError(
        'EXPERIMENT_NOT_FOUND',
        `There is no experiment "${key.name}" in the project "${key.project}".`,
        { mend: 'See `assay experiment list`.' },
      );
    }
    const artefact = await getArtefact(store, { experimentId: record.id, name: file });
    if (artefact !== undefined) return artefact.body.toString('utf8');
    throw new AssayError(
      'CALIBRATION_NOT_FOUND',
      `"${key.name}" (${record.status}) has no calibration.`,
      { mend: 'It is computed at the end of a run of `assay judge calibrate`.' },
    );
  };
  return {
    calibration: async (key) =>
      JSON.parse(await read(key, 'calibration.json')) as CalibrationDocument,
    calibrationText: (key) => read(key, 'calibration.md'),
  };
}
