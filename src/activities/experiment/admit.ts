import { randomBytes } from 'node:crypto';

import type { ExperimentActivities, SubmitReply } from '../../contracts/experiment-protocol.js';
import type { Backend } from '../../contracts/backend.js';
import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { ManifestDifference } from '../../contracts/manifest.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { contentHash } from '../../core/ids/hash.js';
import { manifestDifferences } from '../../core/manifest/differences.js';
import { defaultBackend } from '../../core/platforms/backend.js';
import { fileSlug } from '../../core/text/escape/file-name.js';
import { patiently } from '../../platforms/patience.js';
import {
  findExperiment,
  insertExperiment,
  type ExperimentRecord,
} from '../../store/experiments.js';
import { withHeartbeat } from '../heartbeat.js';
import { checkBudget } from './check-budget.js';
import type { ExperimentPorts } from './ports.js';
import { backendOf, publishingPlatforms } from './run-platforms.js';
import { resolveExperiment, withTrace, type ResolvedExperiment } from './resolve.js';

/** A single error of the platform turns no submission away; one that lasts is told at once. */
const stumbles = 3;

/**
 * Decides about a submission. Everything that can be wrong with it is found here, before a run exists; the row in Postgres
 * decides about runs that have ended, since Temporal forgets them.
 */
export function createAdmit(ports: ExperimentPorts): ExperimentActivities['admitExperiment'] {
  return ({ spec, workflowId, workflowRunId }) =>
    withHeartbeat(async (beat): Promise<SubmitReply> => {
      let resolved: ResolvedExperiment;
      try {
        await askPlatforms(spec, { ports, signal: beat.cancelled });
        resolved = await resolveExperiment(spec, ports, {
          signal: beat.cancelled,
          onItems: (items) => {
            beat.tell({ step: 'dataset', items });
          },
        });
        checkBudget(resolved, ports);
      } catch (error) {
        // Whoever submits is waiting for the answer: what stands in the way is told, not tried again.
        if (AssayError.is(error)) return { outcome: 'rejected', error: error.toJSON() };
        throw error;
      }
      const { inserted, experiment } = await insertExperiment(ports.store, {
        project: spec.project,
        name: spec.name,
        slug: fileSlug(spec.name),
        runUid: randomBytes(16).toString('hex'),
        spec: resolved.spec,
        specHash: contentHash(spec),
        manifest: resolved.manifest,
        manifestHash: resolved.manifestHash,
        workflowId,
        workflowRunId,
        codeHash: ports.project.codeHash,
      });
      const { id, status } = experiment;
      if (inserted) return { outcome: 'started', experimentId: id };
      const elsewhere = otherBackend(experiment, backendOf(resolved.spec, ports));
      if (experiment.manifestHash === resolved.manifestHash && elsewhere.length === 0) {
        return { outcome: 'attached', experimentId: id, status };
      }
      const differences =
        experiment.manifest === undefined
          ? elsewhere
          : [...manifestDifferences(experiment.manifest, resolved.manifest), ...elsewhere];
      const { manifestHash } = resolved;
      const backend = backendOf(resolved.spec, ports);
      return { outcome: 'conflict', experimentId: id, status, differences, manifestHash, backend };
    });
}

/** What its platforms alone can refuse, before the dataset is read: that takes minutes where it is large. */
async function askPlatforms(
  spec: ExperimentSpec,
  on: { readonly ports: ExperimentPorts; readonly signal: AbortSignal },
): Promise<void> {
  const { ports, signal } = on;
  const known = await findExperiment(ports.store, spec);
  const { name: experiment, dataset } = spec;
  const named = { experiment, datasetName: dataset.name, signal };
  for (const platform of publishingPlatforms(withTrace(spec, ports.project), ports)) {
    await patiently(signal, () => platform.describe(signal), stumbles);
    // What stands there of a run that is known here is its own, or it has been told already.
    if (known !== undefined) continue;
    try {
      await patiently(signal, () => platform.refuseTakenName(named), stumbles);
    } catch (error) {
      // The same submission beside this one may have made the run meanwhile, and what stands there.
      if ((await findExperiment(ports.store, spec)) === undefined) throw error;
    }
  }
}

/** It decides no result and is not in the manifest; but a run is published where it was first said, and nowhere else in silence. */
function otherBackend(
  { spec }: ExperimentRecord,
  submitted: Backend,
): readonly ManifestDifference[] {
  const recorded = spec.backend ?? defaultBackend;
  return recorded === submitted ? [] : [{ at: 'backend', recorded, submitted }];
}
