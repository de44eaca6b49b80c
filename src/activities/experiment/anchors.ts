import { setTimeout as delay } from 'node:timers/promises';

import type { Anchor } from '../../contracts/config.js';
import type { EvaluatorIdentity } from '../../contracts/manifest.js';
import type { PassRecord } from '../../contracts/pass.js';
import type { RunScore } from '../../contracts/publication.js';
import {
  anchorReport,
  judgeDrift,
  type AnchorDocument,
  type AnchorReport,
  type AnchorResult,
  type AnchorRound,
  type JudgeDrift,
} from '../../core/calibration/anchors.js';
import { AssayError, toErrorDocument } from '../../core/errors/assay-error.js';
import { abstentionName } from '../../core/experiment/abstention.js';
import { judgePath } from '../../core/experiment/judge-path.js';
import { contentHash } from '../../core/ids/hash.js';
import { dollarsFromPico } from '../../core/money/pico.js';
import type { Evaluator } from '../../evaluators/port.js';
import { createCellCalls, type CellCalls } from '../../models/cell-calls.js';
import { anchorCell, anchorsArtefact, earlierAnchors } from '../../store/anchors.js';
import { getArtefact, putArtefact } from '../../store/artefacts.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import type { Beat } from '../heartbeat.js';
import { sumCost } from './cell-result.js';
import { passRef } from './pass-plan.js';
import type { ExperimentPorts } from './ports.js';
import { loadRun, type RunningExperiment } from './running-experiment.js';
import { withinTime } from './within-time.js';

/** How long the end of a run waits for a judge that a provider holds back; then its anchors say that they were not asked. */
const patienceMs = 10 * 60_000;
/** Occurrences of these calls: beside those of cells, and anew in each pass, since somebody asked for it. */
const occurrencesPerPass = 100_000;
const anchorOccurrences = 50_000;
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
      : await askAll(
          { run, ports, cellId, number, beat, until: performance.now() + patienceMs },
          left,
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

async function askAll(asking: Asking, names: readonly string[]): Promise<readonly AnchorRound[]> {
  const judges = asking.run.evaluators.filter(({ name }) => names.includes(name));
  return Promise.all(judges.map((judge) => askAbout(judge, asking)));
}

/** The rounds of judges that this worker would ask otherwise than planned: its config was edited since. */
function notAsked(
  { manifest }: ExperimentRecord,
  names: readonly string[],
  pass: number,
): readonly AnchorRound[] {
  const reason = 'CODE_MISMATCH: the worker that ended the run has another config.';
  return (manifest?.evaluators ?? [])
    .filter(({ name }) => names.includes(name))
    .map((identity) => ({
      ...factsOf(identity),
      pass,
      calls: 0,
      costDollars: '0',
      results: (identity.judge?.anchors ?? []).map(({ id, passed }) => ({
        id,
        expected: passed,
        outcome: 'error',
        score: null,
        passed: null,
        reason,
      })),
    }));
}

function factsOf({
  name,
  options,
  judge,
}: EvaluatorIdentity): Pick<AnchorRound, 'evaluator' | 'model' | 'prompt' | 'anchorsHash'> {
  return {
    evaluator: name,
    model: judge === undefined ? '' : `${judge.model.provider}/${judge.model.model}`,
    prompt: typeof options['prompt'] === 'string' ? options['prompt'] : null,
    anchorsHash: contentHash(judge?.anchors ?? []),
  };
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

interface Asking {
  readonly run: RunningExperiment;
  readonly ports: ExperimentPorts;
  readonly cellId: string;
  /** Of the pass. */
  readonly number: number;
  readonly beat: Beat;
  readonly until: number;
}

async function askAbout(judge: Evaluator, asking: Asking): Promise<AnchorRound> {
  const { run, ports, number, beat } = asking;
  const anchors = judge.anchors ?? [];
  const calls = createCellCalls({ before: number * occurrencesPerPass + anchorOccurrences });
  const { project, priority } = run.spec;
  const { experimentId, concurrency } = run;
  const slots = ports.governor.slotsOf({ experimentId, project, priority, concurrency });
  const signal = AbortSignal.any([beat.cancelled, ports.aborting]);
  let done = 0;
  const settled = await Promise.allSettled(
    anchors.map(async (anchor) => {
      const release = await slots.acquire(signal);
      try {
        const result = await patiently(() => askOnce(anchor, { judge, calls, asking, signal }), {
          anchor,
          asking,
          signal,
        });
        done += 1;
        beat.tell({ step: 'anchors', evaluator: judge.name, done, of: anchors.length });
        return result;
      } finally {
        release();
      }
    }),
  );
  const results = settled.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
  const cost = sumCost(calls.records);
  return {
    ...factsOf(judge.identity),
    pass: number,
    calls: calls.records.length,
    costDollars: cost === undefined ? null : dollarsFromPico(cost),
    results,
  };
}

async function askOnce(
  anchor: Anchor,
  with_: {
    readonly judge: Evaluator;
    readonly calls: CellCalls;
    readonly asking: Asking;
    readonly signal: AbortSignal;
  },
): Promise<AnchorResult> {
  const { judge, calls, asking, signal } = with_;
  const { run, ports, cellId } = asking;
  const { limits, experimentId } = run;
  const what = `The evaluator "${judge.name}"`;
  const limit = { ms: limits.evaluatorMs, code: 'EVALUATOR_TIMEOUT' as const, what, signal };
  const scores = await withinTime(limit, (inTime, hold) =>
    judge.evaluate(
      {
        input: anchor.input,
        output: anchor.output,
        expected: anchor.expected,
        metadata: {},
        trace: { traceId: '' },
      },
      {
        signal: inTime,
        models: ports.models.forScope({
          experimentId,
          cellId,
          calls,
          path: judgePath(judge.name),
          purpose: 'judge',
          policy: limits.retry,
          signal: inTime,
          hold,
          budgeted: run.spec.budgetUsd !== undefined,
        }),
      },
    ),
  );
  const score = scores.find(({ name }) => name === judge.name);
  const abstained = scores.find(({ name }) => name === abstentionName(judge.name));
  if (score !== undefined && score.value.type === 'NUMERIC' && score.passed !== undefined) {
    const { value } = score.value;
    return { ...base(anchor), outcome: 'judged', score: value, passed: score.passed, reason: null };
  }
  const reason = abstained?.comment?.reasoning.slice(0, 500) ?? null;
  return {
    ...base(anchor),
    outcome: abstained === undefined ? 'not_applicable' : 'abstained',
    score: null,
    passed: null,
    reason,
  };
}

const base = ({ id, passed }: Anchor): Pick<AnchorResult, 'id' | 'expected'> => ({
  id,
  expected: passed,
});

/** Waits where a provider or another worker's claim asks for it, until patience ends; what then stands in the way is recorded. */
async function patiently(
  ask: () => Promise<AnchorResult>,
  of: { readonly anchor: Anchor; readonly asking: Asking; readonly signal: AbortSignal },
): Promise<AnchorResult> {
  const { anchor, asking, signal } = of;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (AssayError.is(error) && error.code === 'POSTGRES_UNREACHABLE') throw error;
      const wait = AssayError.is(error) ? error.retryAfterMs : undefined;
      if (wait !== undefined && performance.now() + wait < asking.until) {
        await delay(Math.max(50, wait), undefined, { signal });
        continue;
      }
      const { code, message } = toErrorDocument(error, 'EVALUATOR_FAILED');
      const reason = `${code}: ${message}`.toWellFormed().replaceAll('\0', '').slice(0, 500);
      return { ...base(anchor), outcome: 'error', score: null, passed: null, reason };
    }
  }
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
