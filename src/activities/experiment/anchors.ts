import type { PassRecord } from '../../contracts/pass.js';
import type { RunScore } from '../../contracts/publication.js';
import type { AnchorReport, JudgeDrift } from '../../contracts/report/anchors.js';
import {
  anchorReport,
  judgeDrift,
  type AnchorDocument,
  type AnchorRound,
} from '../../core/calibration/anchors.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { anchorCell, anchorsArtefact, earlierAnchors } from '../../store/anchors.js';
import { getArtefact, putArtefact } from '../../store/artefacts.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import type { Beat } from '../heartbeat.js';
import { askAnchors, notAsked } from './ask-anchors.js';
import { passRef } from './pass-plan.js';
import type { ExperimentPorts } from './ports.js';
import { loadRun } from './running-experiment.js';

/** How long the end of a run waits for a judge that a provider holds back; then its anchors say that they were not asked. */
const patienceMs = 10 * 60_000;
/** How many earlier runs are looked through for the same anchors. */
const mostEarlier = 20;

/**
 * Asks the judges of a run about their anchors and keeps what they say: once for the run, and again for those that a
 * re-judgement asked. They are calls of the run and in no figure of its cells. What stands in their way is data and never
 * keeps a run from ending.
 *
 * @throws AssayError POSTGRES_UNREACHABLE, or the signal's reason: then it is done again, from the journal.
 */
export async function keepAnchors(
  of: { readonly record: ExperimentRecord; readonly pass: PassRecord | undefined },
  ports: ExperimentPorts,
  beat: Beat,
): Promise<void> {
  const { record, pass } = of;
  const wanted = judgesWithAnchors(record, pass);
  if (wanted.length === 0) return;
  const number = pass?.pass ?? 1;
  const known = await anchorRounds(ports, record.id);
  const left = wanted.filter(
    (name) => !known.some((round) => round.evaluator === name && round.pass === number),
  );
  if (left.length === 0) return;
  const cellId = await anchorCell(ports.store, record.id);
  if (cellId === undefined) return;
  const run = await loadRun(record.id, ports, pass === undefined ? undefined : passRef(pass)).catch(
    otherCode,
  );
  const fresh =
    run === undefined
      ? notAsked(record, left, number)
      : await askAnchors(
          { run, ports, cellId, number, beat, until: performance.now() + patienceMs },
          placesOf(record, left),
        );
  const kept = known.filter(({ evaluator }) => !left.includes(evaluator));
  const document: AnchorDocument = {
    format: 'assay-anchors',
    version: 1,
    rounds: [...kept, ...fresh],
  };
  await putArtefact(ports.store, {
    experimentId: record.id,
    name: anchorsArtefact,
    mediaType: 'application/json',
    body: JSON.stringify(document),
  });
}

/** Judges with their places in the manifest, which never change. */
function placesOf(
  { manifest }: ExperimentRecord,
  names: readonly string[],
): ReadonlyMap<string, number> {
  const all = (manifest?.evaluators ?? []).map(({ name }, place) => [name, place] as const);
  return new Map(all.filter(([name]) => names.includes(name)));
}

// What would ask another judge must not keep the run from ending.
function otherCode(error: unknown): undefined {
  if (AssayError.is(error) && error.code === 'CODE_MISMATCH') return undefined;
  throw error;
}

function judgesWithAnchors(
  { manifest }: ExperimentRecord,
  pass: PassRecord | undefined,
): readonly string[] {
  if (pass !== undefined && pass.kind !== 'rejudge') return [];
  const asked = new Set((pass?.details.evaluators ?? []).map(({ name }) => name));
  return (manifest?.evaluators ?? [])
    .filter(({ judge }) => judge?.anchors !== undefined)
    .map(({ name }) => name)
    .filter((name) => pass === undefined || asked.has(name));
}

/** What judges said of their anchors in a run; empty where none has any. */
export async function anchorRounds(
  { store }: Pick<ExperimentPorts, 'store'>,
  experimentId: string,
): Promise<readonly AnchorRound[]> {
  const artefact = await getArtefact(store, { experimentId, name: anchorsArtefact });
  if (artefact === undefined) return [];
  return (JSON.parse(artefact.body.toString('utf8')) as AnchorDocument).rounds;
}

/** The rounds of a run with what changed since an earlier one, for its report. */
export async function anchorReports(
  record: ExperimentRecord,
  ports: Pick<ExperimentPorts, 'store'>,
): Promise<readonly AnchorReport[]> {
  const rounds = await anchorRounds(ports, record.id);
  if (rounds.length === 0) return [];
  const since = new Map<string, JudgeDrift>();
  const looked = { project: record.project, experimentId: record.id, most: mostEarlier };
  for await (const { experiment, body } of earlierAnchors(ports.store, looked)) {
    const earlier = (JSON.parse(body) as AnchorDocument).rounds;
    for (const round of rounds) {
      if (since.has(round.evaluator)) continue;
      const drift = earlier
        .map((each) => judgeDrift({ ...each, experiment }, round))
        .find((each) => each !== undefined);
      if (drift !== undefined) since.set(round.evaluator, drift);
    }
    if (since.size === rounds.length) break;
  }
  return rounds.map((round) => anchorReport(round, since.get(round.evaluator) ?? null));
}

/** The scores of the run as a whole that its anchors give: on its first repetition, since they are asked once. */
export function anchorScores(rounds: readonly AnchorRound[]): readonly RunScore[] {
  return rounds.flatMap((round): readonly RunScore[] => {
    const { evaluator, results } = round;
    const { agreement, planned, judged, disagreements } = anchorReport(round, null);
    if (agreement.value === null) return [];
    const off = new Set(disagreements.map(({ id }) => id));
    return [
      {
        repetition: 1,
        name: `${evaluator}.anchors`,
        evaluator,
        value: agreement.value,
        comment: {
          passed_items: results
            .filter(({ id, outcome }) => outcome === 'judged' && !off.has(id))
            .map(({ id }) => id),
          failed_items: [...off],
          reasoning: `Anchors judged as people do: ${judged - off.size} of ${judged} judged, ${planned} in all.`,
          suggestions: [],
        },
      },
    ];
  });
}
