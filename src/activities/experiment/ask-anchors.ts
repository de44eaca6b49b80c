import { setTimeout as delay } from 'node:timers/promises';

import type { Anchor } from '../../contracts/judge-kinds.js';
import type { EvaluatorIdentity } from '../../contracts/manifest.js';
import type { CallRecord } from '../../contracts/records.js';
import { judgeFacts, type AnchorResult, type AnchorRound } from '../../core/calibration/anchors.js';
import { AssayError, toErrorDocument } from '../../core/errors/assay-error.js';
import { abstentionName } from '../../core/experiment/abstention.js';
import { judgePath } from '../../core/experiment/judge-path.js';
import { contentHash } from '../../core/ids/hash.js';
import { dollarsFromPico } from '../../core/money/pico.js';
import type { Evaluator } from '../../evaluators/port.js';
import { createCellCalls, type CellCalls } from '../../models/cell-calls.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import type { Beat } from '../heartbeat.js';
import { sumCost } from './cell-result.js';
import type { ExperimentPorts } from './ports.js';
import type { RunningExperiment } from './running-experiment.js';
import { withinTime } from './within-time.js';

/** Who is asked, by what means and until when. */
export interface Asking {
  readonly run: RunningExperiment;
  readonly ports: ExperimentPorts;
  /** Whose journal holds the calls. */
  readonly cellId: string;
  /** Of the pass. */
  readonly number: number;
  readonly beat: Beat;
  /** How long anybody is waited for, on the clock of `performance.now()`. */
  readonly until: number;
}

/**
 * The occurrences of an anchor's calls: beside those of cells, each anchor its own, and anew in each pass, since somebody asked
 * for it. They hang on places that never change, so that whoever asks again finds in the journal what was answered.
 */
const occurrencesBefore = (place: {
  readonly pass: number;
  readonly judge: number;
  readonly anchor: number;
}): number => place.pass * 100_000 + 50_000 + (place.judge * 100 + place.anchor) * 8;

/**
 * Asks judges about their anchors.
 *
 * @param places the judges that are asked, by name, with their places in the manifest.
 * @throws AssayError POSTGRES_UNREACHABLE, or the signal's reason.
 */
export function askAnchors(
  asking: Asking,
  places: ReadonlyMap<string, number>,
): Promise<readonly AnchorRound[]> {
  const judges = asking.run.evaluators.flatMap((judge) => {
    const place = places.get(judge.name);
    return place === undefined ? [] : [{ judge, place }];
  });
  return Promise.all(judges.map((each) => askAbout(each, asking)));
}

async function askAbout(
  { judge, place }: { readonly judge: Evaluator; readonly place: number },
  asking: Asking,
): Promise<AnchorRound> {
  const { run, ports, number, beat } = asking;
  const anchors = judge.anchors ?? [];
  const { project, priority } = run.spec;
  const { experimentId, concurrency } = run;
  const slots = ports.governor.slotsOf({ experimentId, project, priority, concurrency });
  const signal = AbortSignal.any([beat.cancelled, ports.aborting]);
  let done = 0;
  const settled = await Promise.allSettled(
    anchors.map(async (anchor, index) => {
      const release = await slots.acquire(signal);
      const before = occurrencesBefore({ pass: number, judge: place, anchor: index });
      try {
        const said = await patiently(anchor, { judge, asking, signal, before });
        done += 1;
        beat.tell({ step: 'anchors', evaluator: judge.name, done, of: anchors.length });
        return said;
      } finally {
        release();
      }
    }),
  );
  const said = settled.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
  const calls = said.flatMap((each) => each.calls);
  const cost = sumCost(calls);
  return {
    ...factsOf(judge.identity),
    pass: number,
    calls: calls.length,
    costDollars: cost === undefined ? null : dollarsFromPico(cost),
    results: said.map(({ result }) => result),
  };
}

interface OneAnchor {
  readonly judge: Evaluator;
  readonly asking: Asking;
  readonly signal: AbortSignal;
  readonly before: number;
}

/** Waits where a provider or another worker's claim asks for it, until patience ends; what then stands in the way is recorded. */
async function patiently(
  anchor: Anchor,
  of: OneAnchor,
): Promise<{ readonly result: AnchorResult; readonly calls: readonly CallRecord[] }> {
  const { asking, signal, before } = of;
  for (;;) {
    // Anew for each try: what an earlier one was answered is found by the same occurrence and not paid again.
    const calls = createCellCalls({ before });
    try {
      return { result: await askOnce(anchor, { ...of, calls }), calls: calls.records };
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
      const result = { ...base(anchor), outcome: 'error', score: null, passed: null } as const;
      return { result: { ...result, reason }, calls: calls.records };
    }
  }
}

async function askOnce(
  anchor: Anchor,
  of: OneAnchor & { readonly calls: CellCalls },
): Promise<AnchorResult> {
  const { judge, calls, asking, signal } = of;
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
  if (score?.passed !== undefined && score.value.type !== 'CATEGORICAL') {
    // One that is turned round says true or false.
    const value = Number(score.value.value);
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

/** The rounds of judges that this worker would ask otherwise than planned: its config was edited since. */
export function notAsked(
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

const factsOf = (
  identity: EvaluatorIdentity,
): Pick<AnchorRound, 'evaluator' | 'model' | 'prompt' | 'anchorsHash'> => ({
  ...judgeFacts(identity),
  anchorsHash: contentHash(identity.judge?.anchors ?? []),
});
