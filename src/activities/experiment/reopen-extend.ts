import type { PassRequest } from '../../contracts/pass.js';
import type { PlatformRun } from '../../contracts/publication.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { contentHash } from '../../core/ids/hash.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import type { ExperimentPorts } from './ports.js';
import type { PreparedPass } from './prepared-pass.js';
import { platformNamed } from './run-platforms.js';

/**
 * What more repetitions change of a run: its manifest, so that a later submission with as many attaches, and its runs on the
 * platforms, where each repetition is one of its own.
 *
 * @throws AssayError NOTHING_TO_EXTEND, SPEC_INVALID, EXPERIMENT_EXISTS_ELSEWHERE, PLATFORM_*
 */
export async function prepareExtension(
  record: ExperimentRecord,
  { repetitions }: PassRequest & { kind: 'extend' },
  { ports, signal }: { readonly ports: ExperimentPorts; readonly signal: AbortSignal },
): Promise<PreparedPass> {
  const { manifest, context, spec } = record;
  if (manifest === undefined || context === undefined) {
    throw new AssayError('INTERNAL', `The experiment "${record.id}" has no plan.`);
  }
  const before = manifest.repetitions;
  if (repetitions === before) {
    throw new AssayError(
      'NOTHING_TO_EXTEND',
      `"${record.name}" has ${before} repetitions already.`,
    );
  }
  if (repetitions < before) {
    throw new AssayError('SPEC_INVALID', `"${record.name}" has ${before} repetitions already.`, {
      problems: [
        {
          at: 'repetitions',
          message: `${repetitions} is fewer`,
          mend: `Give more than ${before}.`,
        },
      ],
    });
  }
  const platformRuns: PlatformRun[] = [];
  for (const known of record.platformRuns) {
    const platform = platformNamed(ports, known.platform);
    await platform.checkRun?.(known, signal);
    const { datasetId, datasetName } = known;
    const prepared = await platform.prepareRun({
      context,
      datasetId,
      datasetName,
      repetitions,
      signal,
    });
    platformRuns.push({ ...known, runs: prepared.runs });
  }
  const extended = { ...manifest, repetitions };
  return {
    details: { repetitions: { before, after: repetitions } },
    changes: {
      manifest: extended,
      manifestHash: contentHash(extended),
      spec: { ...spec, repetitions },
      platformRuns,
    },
  };
}
