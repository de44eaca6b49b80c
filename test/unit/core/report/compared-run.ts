import type { ReportCell } from '../../../../src/core/report/report-input.js';
import { changedItem, itemChanges } from '../../../../src/core/report/changed-items.js';
import type { ReportComparison, ReportModel } from '../../../../src/core/report/report-model.js';
import { compareRuns } from '../../../../src/core/regression/compare.js';
import { RunScoresBuilder } from '../../../../src/core/regression/run-scores.js';
import { sampleCells } from './sample-run.js';

/** The sample run as head, against a base that made fewer mistakes in French and sounded less friendly. */

export function baseCells(): readonly ReportCell[] {
  return sampleCells().map((cell, i) => ({
    ...cell,
    latencyMs: Math.round(cell.latencyMs * 0.93),
    ...(cell.status === 'ok' && i % 2 === 0
      ? { output: { category: 'refund', reply: `Thanks for your mail. We look into it (${i}).` } }
      : {}),
    scores: cell.scores.map((score) => {
      if (score.name === 'category' && score.passed === false && i % 2 === 0) {
        return { ...score, value: { type: 'BOOLEAN' as const, value: true }, passed: true };
      }
      if (score.name === 'tone' && score.value.type === 'NUMERIC' && i % 3 === 0) {
        const value = Math.max(0, score.value.value - 0.25);
        return { ...score, value: { type: 'NUMERIC' as const, value } };
      }
      return score;
    }),
  }));
}

function scoresOf(cells: readonly ReportCell[]) {
  const builder = new RunScoresBuilder();
  for (const { itemId, scores, latencyMs, status } of cells) {
    builder.add({ itemId, scores, ...(status === 'ok' ? { latencyMs } : {}) });
  }
  return builder.build();
}

export function comparisonOf(
  baseRun: readonly ReportCell[],
  headRun: readonly ReportCell[],
): ReportComparison {
  const base = scoresOf(baseRun);
  const head = scoresOf(headRun);
  const languages = new Map(
    headRun.map(({ itemId, item }) => [itemId, JSON.stringify(item.metadata['language'])]),
  );
  const result = compareRuns({
    base,
    head,
    evaluators: [{ name: 'category' }, { name: 'tone', required: false }],
    latency: { margin: 0.1 },
    slices: [{ key: '/metadata/language', valueOf: (itemId) => languages.get(itemId) }],
    bootstrap: { resamples: 999 },
  });
  const { worse, better, listed } = itemChanges({ base, head, result });
  const byId = (cells: readonly ReportCell[], id: string) =>
    cells.find(({ itemId }) => itemId === id);
  return {
    base: {
      experiment: 'triage-tickets-2026-02-23',
      baseline: 'main',
      runUid: '1'.repeat(32),
      manifestHash: 'e'.repeat(64),
      finishedAt: '2026-02-23T09:00:00.000Z',
    },
    result,
    judges: [
      {
        evaluator: 'tone',
        experiment: 'triage-tickets-2026-02-23',
        sameJudge: true,
        difference: { value: -0.125, interval: null, n: 8 },
        flips: [],
      },
    ],
    changed: {
      worse,
      better,
      listed: listed.map((change) =>
        changedItem(change, {
          base: byId(baseRun, change.itemId),
          head: byId(headRun, change.itemId),
        }),
      ),
    },
  };
}

/** A report of the sample run with its comparison. */
export function compared(model: ReportModel): ReportModel {
  return { ...model, comparison: comparisonOf(baseCells(), sampleCells()) };
}
