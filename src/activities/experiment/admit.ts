import { randomBytes } from 'node:crypto';

import type { ExperimentActivities, SubmitReply } from '../../contracts/experiment-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { contentHash } from '../../core/ids/hash.js';
import { manifestDifferences } from '../../core/manifest/differences.js';
import { fileSlug } from '../../core/text/escape/file-name.js';
import { patiently } from '../../platforms/patience.js';
import { insertExperiment } from '../../store/experiments.js';
import { withHeartbeat } from '../heartbeat.js';
import { checkBudget } from './check-budget.js';
import type { ExperimentPorts } from './ports.js';
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
        const { trace } = withTrace(spec, ports.project);
        for (const platform of trace === 'none' ? [] : ports.platforms) {
          await patiently(beat.cancelled, () => platform.describe(beat.cancelled), stumbles);
        }
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
      if (experiment.manifestHash === resolved.manifestHash) {
        return { outcome: 'attached', experimentId: id, status };
      }
      const differences =
        experiment.manifest === undefined
          ? []
          : manifestDifferences(experiment.manifest, resolved.manifest);
      const { manifestHash } = resolved;
      return { outcome: 'conflict', experimentId: id, status, differences, manifestHash };
    });
}
