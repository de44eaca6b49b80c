import type { PublicationCounts } from '../../../contracts/records.js';
import { isFinalStatus } from '../../experiment/naming.js';
import { unpublishedText } from '../../experiment/trace-mode.js';
import { formatPico, picoFromDollars } from '../../money/pico.js';
import { markdownCellCode, markdownCode, markdownText } from '../../text/escape/markdown.js';
import { cutText } from '../excerpt.js';
import { count, counted, duration, nOf } from '../figures.js';
import type { CallReport, CallTotals, Distribution, ReportModel } from '../report-model.js';
import { blocks, table, type Column } from './table.js';

const right = (heading: string): Column => ({ heading, align: 'right' });

/** Latency, tokens and cost. */
export function costSection(model: ReportModel): readonly string[] {
  return blocks(latencyPart(model), callPart(model));
}

function latencyPart({ latencyMs, cells }: ReportModel): readonly string[] {
  if (latencyMs === null) return [];
  const { n, mean, p50, p90, p95, p99, max } = latencyMs;
  return blocks(
    ['## Latency of the target'],
    table(['p50', 'p90', 'p95', 'p99', 'max', 'mean', 'n'].map(right), [
      [...[p50, p90, p95, p99, max, mean].map(duration), nOf(n, cells.planned)],
    ]),
    latencyNote(latencyMs),
  );
}

function latencyNote({ n, exact }: Distribution): readonly string[] {
  if (!exact) return ['Distribution are of a uniform random sample of all values.'];
  return n < 100
    ? [`With n = ${n} the high percentiles are little more than the slowest cells.`]
    : [];
}

function callPart({ calls }: ReportModel): readonly string[] {
  if (calls.total.calls === 0) return [];
  return blocks(
    ['## Tokens and cost'],
    table(
      [
        { heading: 'Calls for' },
        { heading: 'Model' },
        ...callFigures.map(right),
        { heading: 'Price known' },
      ],
      [...purposeRows(calls), callRow(['**all**', ''], calls.total)],
    ),
    callNotes(calls.total),
  );
}

const callFigures = [
  'Calls',
  'Input tokens',
  'of it cached',
  'Output tokens',
  'of it reasoning',
  'Cost',
] as const;

/** A row per model; a purpose with several models also has one of its own. */
function purposeRows(calls: CallReport): readonly (readonly string[])[] {
  return (['target', 'judge', 'embedding'] as const).flatMap((purpose) => {
    const models = calls.models.filter((entry) => entry.purpose === purpose);
    const rows = models.map((entry) =>
      callRow([purpose, markdownCellCode(`${entry.provider}/${entry.model}`)], entry),
    );
    return models.length < 2 ? rows : [...rows, callRow([`*${purpose}, all*`, ''], calls[purpose])];
  });
}

function callRow(names: readonly [string, string], totals: CallTotals): readonly string[] {
  const { costKnown, costUnknown, costDollars } = totals;
  return [
    ...names,
    count(totals.calls),
    count(totals.inputTokens),
    count(totals.cachedInputTokens),
    count(totals.outputTokens),
    count(totals.reasoningTokens),
    costKnown === 0 ? 'unknown' : formatPico(picoFromDollars(costDollars)),
    nOf(costKnown, costKnown + costUnknown),
  ];
}

function callNotes(total: CallTotals): readonly string[] {
  const notes = [
    ...(total.costUnknown > 0
      ? [`${counted(total.costUnknown, 'answered call')} without a known price: not in the cost.`]
      : []),
    ...(total.failed > 0 ? [`${counted(total.failed, 'call')} ended in an error.`] : []),
    ...(total.withoutUsage > 0
      ? [`${counted(total.withoutUsage, 'call')} without a usage figure: not in the tokens.`]
      : []),
    ...(total.replayed > 0
      ? [`${counted(total.replayed, 'answer')} replayed from the journal: paid once, counted once.`]
      : []),
  ];
  return notes.length === 0 ? [] : [notes.join(' ')];
}

const verifyNotes = {
  full: 'Verified: read back from the platform, each record by its expected id.',
  sample: 'Verified: a sample of the records was read back from the platform.',
  off: 'Nothing was read back from the platform: the run was told not to verify.',
} as const;

/** What stands on the platforms, against what should. */
export function publicationSection({ publication, run }: ReportModel): readonly string[] {
  if (run.trace === 'none') return blocks(['## On the platforms'], [unpublishedNote]);
  if (publication.length === 0) return [];
  const verified = (n: number, of: number): string => (run.verify === 'off' ? '—' : nOf(n, of));
  return blocks(
    ['## On the platforms'],
    table(
      [
        { heading: 'Platform' },
        { heading: 'Traces sent' },
        { heading: 'Traces verified' },
        { heading: 'Scores sent' },
        { heading: 'Scores verified' },
        ...['Duplicate rows', 'Ambiguous resends', 'Takeovers', 'Refused'].map(right),
      ],
      publication.map((row) => [
        markdownCellCode(row.platform),
        nOf(row.sentTraces, row.expectedTraces),
        verified(row.verifiedTraces, row.expectedTraces),
        nOf(row.sentScores, row.expectedScores),
        verified(row.verifiedScores, row.expectedScores),
        ...[row.duplicateSpans, row.ambiguousResends, row.takeovers, row.refused].map(count),
      ]),
    ),
    [verifyNotes[run.verify]],
    run.verify === 'off' ? [] : publication.flatMap(missingRunScores),
  );
}

const unpublishedNote =
  'Nothing of this run was published, by choice: `trace` was `none`. Its cells and scores stand in Assay’s database alone.';

// Told where they differ only: they are a handful beside the scores of the cells.
function missingRunScores({
  platform,
  expectedRunScores,
  verifiedRunScores,
}: PublicationCounts): readonly string[] {
  if (verifiedRunScores === expectedRunScores) return [];
  return [
    `On ${markdownCode(platform)} ${nOf(verifiedRunScores, expectedRunScores)} scores of the whole run were read back.`,
  ];
}

/** All that one needs to find or repeat the run. */
export function runSection({ run }: ReportModel): readonly string[] {
  const { dataset, target } = run;
  const version = dataset.version === null ? '' : `, version ${markdownCellCode(dataset.version)}`;
  const rows: (readonly [string, string])[] = [
    ['Project', markdownCellCode(run.project)],
    ['Experiment', markdownCellCode(run.experiment)],
    ['Run', markdownCellCode(run.runUid)],
    ['Manifest', markdownCellCode(run.manifestHash)],
    ['Dataset', `${markdownCellCode(dataset.name)}${version}, ${counted(dataset.items, 'item')}`],
    ['Items hash', markdownCellCode(dataset.itemsHash)],
    ['Target', `${markdownCellCode(target.name)} — ${targetText(target)}`],
    ...run.platforms.flatMap(({ platform, project, prompt, datasetVersion }) => [
      [
        `On ${markdownCellCode(platform)}`,
        [
          `project ${markdownCellCode(project)}`,
          ...(prompt === undefined
            ? []
            : [`prompt ${markdownCellCode(prompt.name)} version ${prompt.version}`]),
          ...(datasetVersion === undefined
            ? []
            : [`dataset at ${markdownCellCode(datasetVersion)}`]),
        ].join(', '),
      ] as const,
    ]),
    ['Repetitions', count(run.repetitions)],
    ['Concurrency', count(run.concurrency)],
    ['Seed', String(run.seed)],
    ['Verify', run.verify],
    ...(run.trace === 'none' ? [['Trace', unpublishedText] as const] : []),
    ['Started', markdownCellCode(run.startedAt)],
    [
      isFinalStatus(run.status) ? 'Finished' : 'So far',
      `${markdownCellCode(run.finishedAt)} (${duration(run.durationMs)})`,
    ],
  ];
  return blocks(
    ['## The run'],
    table([{ heading: '' }, { heading: '' }], rows),
    table(
      [
        { heading: 'Evaluator' },
        { heading: 'Kind' },
        { heading: 'Required' },
        { heading: 'Options' },
      ],
      run.evaluators.map(({ name, kind, required, options, judge }) => [
        markdownCellCode(name),
        markdownCellCode(kind) +
          (judge === undefined
            ? ''
            : ` by ${markdownCellCode(`${judge.model.provider}/${judge.model.model}`)}`),
        required ? 'yes' : 'no',
        Object.keys(options).length === 0 ? '' : jsonCell(options),
      ]),
    ),
  );
}

function jsonCell(value: unknown): string {
  const text = JSON.stringify(value);
  return markdownCellCode(text.length > 160 ? `${cutText(text, 160)}…` : text);
}

function targetText(target: ReportModel['run']['target']): string {
  switch (target.kind) {
    case 'prompt': {
      const { provider, model, parameters } = target.model;
      const settings = Object.keys(parameters).length === 0 ? '' : ` ${jsonCell(parameters)}`;
      return (
        `prompt ${markdownCode(target.promptHash.slice(0, 12))} on ` +
        `${markdownCellCode(`${provider}/${model}`)}${settings}`
      );
    }
    case 'http':
      return `${markdownText(target.method)} ${markdownCellCode(target.url)}`;
    case 'function':
      return `code ${markdownCode(target.code.slice(0, 12))}`;
  }
}
