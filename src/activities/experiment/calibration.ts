import type { EvaluatorIdentity, Manifest } from '../../contracts/manifest.js';
import type { ExperimentStatus, ScoreRecord } from '../../contracts/records.js';
import { Calibration } from '../../core/calibration/calibration.js';
import type {
  CalibrationCase,
  CalibrationDocument,
  JudgeFacts,
} from '../../core/calibration/calibration-report.js';
import { renderCalibration } from '../../core/calibration/markdown.js';
import { humanLabel, replayTarget } from '../../core/calibration/replay.js';
import { abstentionName } from '../../core/experiment/abstention.js';
import { canonicalJson, type Json } from '../../core/json/json.js';
import { resolvePointer } from '../../core/json/pointer.js';
import { putArtefact } from '../../store/artefacts.js';
import { streamResults, type StoredCell } from '../../store/cell-results.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import type { ExperimentPorts } from './ports.js';

/** How many cells lie between two heartbeats. */
const beatEvery = 500;

/**
 * Where a run replayed a labelled set: how well its evaluators agree with the labels, kept beside the report. Nothing is done
 * for other runs.
 */
export async function keepCalibration(
  of: {
    readonly record: ExperimentRecord;
    readonly manifest: Manifest;
    readonly status: ExperimentStatus;
  },
  { store }: Pick<ExperimentPorts, 'store'>,
  onProgress: (cells: number) => void,
): Promise<void> {
  const { record, manifest, status } = of;
  if (record.spec.target !== replayTarget) return;
  const tallies = manifest.evaluators.map((identity) => ({
    identity,
    tally: new Calibration(factsOf(identity)),
  }));
  let cells = 0;
  for await (const cell of streamResults(store, record.id)) {
    for (const { identity, tally } of tallies) tally.add(caseOf(cell, identity));
    cells += 1;
    if (cells % beatEvery === 0) onProgress(cells);
  }
  const { name, items, itemsHash } = manifest.dataset;
  const document: CalibrationDocument = {
    format: 'assay-calibration',
    version: 1,
    project: record.project,
    experiment: record.name,
    runUid: record.runUid,
    manifestHash: record.manifestHash ?? '',
    dataset: { name, items, itemsHash },
    status,
    judges: tallies.map(({ tally }) => tally.report()),
  };
  const keep = (file: string, mediaType: string, body: string): Promise<void> =>
    putArtefact(store, { experimentId: record.id, name: file, mediaType, body });
  await keep('calibration.json', 'application/json', `${JSON.stringify(document, null, 2)}\n`);
  await keep('calibration.md', 'text/markdown', renderCalibration(document));
}

function factsOf({ name, kind, options, judge }: EvaluatorIdentity): JudgeFacts {
  const { passAt, prompt } = options;
  return {
    name,
    kind: kind === 'llm_pairwise' ? 'pairwise' : 'pointwise',
    model: judge === undefined ? null : `${judge.model.provider}/${judge.model.model}`,
    prompt: typeof prompt === 'string' ? prompt : null,
    passAt: typeof passAt === 'number' ? passAt : 0.5,
  };
}

function caseOf(cell: StoredCell, { name, options }: EvaluatorIdentity): CalibrationCase {
  const { path, other } = options;
  const { input, expected } = cell.item;
  const pair: Json =
    typeof other === 'string'
      ? (resolvePointer({ input, ...(expected === undefined ? {} : { expected }) }, other) ?? null)
      : null;
  const own = cell.scores.filter(({ evaluator }) => evaluator === name);
  const score = own.find((each) => each.name === name);
  const abstained = own.find((each) => each.name === abstentionName(name));
  const said = {
    label: humanLabel(cell.item.metadata),
    length: lengthOf(cell.output ?? null, path),
    ...(typeof other === 'string' ? { otherLength: lengthOf(pair, path) } : {}),
    orders: (score ?? abstained)?.comment?.judge?.orders,
  };
  const graded = score === undefined ? undefined : gradeOf(score);
  if (graded !== undefined) return { ...said, outcome: 'scored', ...graded };
  if (abstained !== undefined) return { ...said, outcome: 'abstained' };
  if (cell.evaluatorFailures.some(({ evaluator }) => evaluator === name)) {
    return { ...said, outcome: 'errors' };
  }
  const reached = cell.status === 'ok' || cell.status === 'evaluator_error';
  return { ...said, outcome: reached ? 'notApplicable' : 'notReached' };
}

/** Undefined for a category, and for a number that nobody says passes or fails. */
function gradeOf({ value, passed }: ScoreRecord): { score: number; passed: boolean } | undefined {
  if (value.type === 'CATEGORICAL') return undefined;
  const score = value.type === 'BOOLEAN' ? Number(value.value) : value.value;
  const decided = passed ?? (value.type === 'BOOLEAN' ? value.value : undefined);
  return decided === undefined ? undefined : { score, passed: decided };
}

/** Characters of what is judged: the part at the path where it is there. */
function lengthOf(value: Json, path: Json | undefined): number {
  const part = typeof path === 'string' ? (resolvePointer(value, path) ?? value) : value;
  return typeof part === 'string' ? part.length : canonicalJson(part).length;
}
