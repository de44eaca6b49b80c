import type { GateActivities } from '../../contracts/gate-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { getExperiment } from '../../store/experiments.js';
import { recordRunScoresFound } from '../../store/gate-scores.js';
import { getGate } from '../../store/gates.js';
import { expectedOfRun } from '../../store/run-scores.js';
import { platformNamed, platformRunOf } from '../experiment/run-platforms.js';
import { withHeartbeat } from '../heartbeat.js';
import type { RegressionPorts } from './ports.js';

/** Reads the scores of the head's run as a whole back: they are few, those of the verdict among them. */
export function createVerifyVerdict(ports: RegressionPorts): GateActivities['verifyVerdict'] {
  return ({ gateId, platform: name }) =>
    withHeartbeat(async (beat) => {
      const { plan } = await getGate(ports.store, gateId);
      if (plan === undefined) throw new AssayError('INTERNAL', `"${gateId}" has no plan.`);
      const record = await getExperiment(ports.store, plan.head.experimentId);
      const platform = platformNamed(ports, name);
      const run = platformRunOf(record, name);
      const of = { experimentId: record.id, platform: name };
      const expected = await expectedOfRun(ports.store, of);
      const missing = new Set(expected.flatMap(({ ids }) => ids));
      const scores = missing.size;
      if (scores === 0) return { complete: true };
      for await (const page of platform.readBack({
        run,
        runUid: record.runUid,
        from: record.createdAt,
        kind: 'scores',
        runIds: [...new Set(expected.map(({ runId }) => runId))],
        scoreIds: [...missing],
        signal: beat.cancelled,
      })) {
        for (const id of page.scoreIds ?? []) missing.delete(id);
      }
      await recordRunScoresFound(ports.store, { ...of, scores: scores - missing.size });
      return { complete: missing.size === 0 };
    });
}
