import { sampleText } from '../experiment/sample-text.js';
import { escapeXml } from '../text/escape/xml.js';
import { failedScores, informativeEvaluators } from './cell-passed.js';
import { cutText, readableText } from './excerpt.js';
import type { ReportCell } from './report-input.js';
import type { ReportModel, ReportRun } from './report-model.js';

const longestBody = 4_000;
const longestMessage = 500;

/**
 * The beginning of a JUnit document (the form that Jenkins, GitLab and GitHub actions read): one suite, a test
 * case per cell that has ended. Then {@link junitCase} for each cell, then {@link junitEnd}. Cells without an
 * outcome are no test cases; their number is the property `assay.pending`.
 */
export function junitStart(model: ReportModel): string {
  const { cells, run } = model;
  const totals = attributes({
    tests: cells.planned - cells.pending,
    failures: cells.notPassed,
    errors: cells.target_error + cells.evaluator_error,
    skipped: cells.skipped,
    time: seconds(run.durationMs),
  });
  const name = attributes({ name: run.experiment });
  const properties = {
    'assay.project': run.project,
    'assay.run': run.runUid,
    'assay.status': run.status,
    'assay.dataset': run.dataset.name,
    'assay.target': run.target.name,
    'assay.manifest': run.manifestHash,
    ...sampleProperties(model),
    ...reuseProperties(model),
    'assay.planned': cells.planned,
    'assay.pending': cells.pending,
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${name}${totals}>`,
    `<testsuite${name}${totals}${attributes({ timestamp: run.startedAt })}>`,
    '<properties>',
    ...Object.entries(properties).map(
      ([key, value]) => `<property${attributes({ name: key, value })}/>`,
    ),
    '</properties>',
    '',
  ].join('\n');
}

function sampleProperties({ run }: ReportModel): Attributes {
  const { sample, items, sampleAsked } = run.dataset;
  const text = sampleText({ items, sample, asked: sampleAsked });
  return text === undefined ? {} : { 'assay.sample': text };
}

function reuseProperties({ reuse }: ReportModel): Attributes {
  return reuse === null ? {} : { 'assay.reused': reuse.cells };
}

/** The end of the document that {@link junitStart} began. */
export function junitEnd(): string {
  return '</testsuite>\n</testsuites>\n';
}

/**
 * One cell as a test case: a failed score of a required evaluator is a `failure`, a cell that ended in an error an `error`,
 * a skipped one `skipped`. Scores that inform stand in the output of the case.
 */
export function junitCase(cell: ReportCell, run: ReportRun): string {
  const name = run.repetitions > 1 ? `${cell.itemId} (repetition ${cell.repetition})` : cell.itemId;
  const head = attributes({
    classname: `${run.dataset.name}.${run.target.name}`,
    name,
    time: seconds(cell.latencyMs),
  });
  return `<testcase${head}>\n${outcome(cell, run)}${notes(cell)}</testcase>\n`;
}

function outcome(cell: ReportCell, { evaluators }: ReportRun): string {
  const { error, status } = cell;
  if (status === 'skipped') {
    return `<skipped${attributes({ message: cutText(error?.message ?? 'skipped', longestMessage) })}/>\n`;
  }
  if (status !== 'ok') {
    const message = cutText(error?.message ?? status, longestMessage);
    const type = error?.code ?? status;
    const lines = cell.evaluatorFailures.map(
      (failure) => `${failure.evaluator}: ${failure.error.code}: ${failure.error.message}`,
    );
    return element('error', { message, type }, lines.join('\n'));
  }
  const failed = failedScores(cell, informativeEvaluators(evaluators));
  if (failed.length === 0) return '';
  const names = failed.map((score) => score.name).join(', ');
  const lines = failed.flatMap((score) => [
    `${score.name} = ${String(score.value.value)}`,
    ...(score.comment === undefined
      ? []
      : [
          score.comment.reasoning,
          ...score.comment.failed_items.map((text) => `failed: ${text}`),
          ...score.comment.suggestions.map((text) => `suggestion: ${text}`),
        ]),
  ]);
  if (cell.item.expected !== undefined) lines.push(`expected: ${readableText(cell.item.expected)}`);
  if (cell.output !== undefined) lines.push(`got: ${readableText(cell.output)}`);
  return element('failure', { message: `not passed: ${names}`, type: names }, lines.join('\n'));
}

function notes(cell: ReportCell): string {
  const lines = [
    ...(cell.traceId === '' ? [] : [`trace: ${cell.traceUrl ?? cell.traceId}`]),
    ...cell.scores.map((score) => `${score.name}: ${String(score.value.value)}`),
  ];
  return element('system-out', {}, lines.join('\n'));
}

/** The whole document, piece by piece, from a second pass over the cells. */
export async function* junitXml(
  model: ReportModel,
  cells: AsyncIterable<ReportCell> | Iterable<ReportCell>,
): AsyncGenerator<string> {
  yield junitStart(model);
  for await (const cell of cells) yield junitCase(cell, model.run);
  yield junitEnd();
}

type Attributes = Readonly<Record<string, string | number>>;

function element(name: string, values: Attributes, text: string): string {
  const body = text.length > longestBody ? `${cutText(text, longestBody)}…` : text;
  // Line ends may stand as they are in content, where they read better than `&#10;`.
  const escaped = body.split('\n').map(escapeXml).join('\n');
  return `<${name}${attributes(values)}>${escaped}</${name}>\n`;
}

function attributes(values: Attributes): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}
