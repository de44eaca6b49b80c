import { isAbsolute, relative, resolve } from 'node:path';

import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentView } from '../../client/experiment-view.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { unpublishedText } from '../../core/experiment/trace-mode.js';
import { count, counted, nOf } from '../../core/report/figures.js';
import { noneOkText, reasonText, summaryTable, type ReportModel } from '../../core/report/index.js';
import { shellWord, type Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import { renderPairs } from '../io/table.js';
import { failedCells } from '../progress/progress-text.js';
import { reuseLine } from '../progress/sample-line.js';
import { writeResultFiles, type WrittenResults } from './result-files.js';

export interface ConcludeOptions {
  /** Where the files go. Default `results/{slug}` in the folder of the project. */
  readonly out?: string;
  /** Whether cells that ended in an error make the command fail. */
  readonly failOnErrors?: boolean;
}

/**
 * The end of a run at the terminal: writes its files, prints what came out, and says by its outcome how it went.
 *
 * @throws AssayError EXPERIMENT_FAILED, EXPERIMENT_CANCELLED, EXPERIMENT_UNVERIFIED, EXPERIMENT_HAS_ERRORS
 */
export async function conclude(
  cli: Cli,
  run: { readonly client: AssayClient; readonly view: ExperimentView },
  options: ConcludeOptions,
): Promise<void> {
  const { client, view } = run;
  const folder = resolve(cli.cwd, options.out ?? resolve(cli.folder, 'results', view.slug));
  const written = await writeResultFiles(client, view, folder);
  if (cli.json) {
    const { files } = written;
    await cli.out.line(jsonText({ event: 'ended', experiment: view, folder, files }));
  } else {
    await printSummary(cli, view, written);
  }
  const failure = outcomeOf(view, options.failOnErrors === true);
  if (failure !== undefined) throw failure;
}

/** What a run's end means for the exit code; undefined where all is well. */
export function outcomeOf(view: ExperimentView, failOnErrors: boolean): AssayError | undefined {
  const { name, status, error } = view;
  switch (status) {
    case 'failed':
      return new AssayError('EXPERIMENT_FAILED', error?.message ?? `"${name}" failed.`, {
        ...(error === undefined
          ? {}
          : {
              problems: [
                { at: error.code, message: error.title, ...mendOf(error.mend) },
                ...error.problems,
              ],
            }),
      });
    case 'cancelled':
      return new AssayError(
        'EXPERIMENT_CANCELLED',
        `"${name}" was cancelled: ${nOf(view.counts.skipped, view.counts.planned)} cells were skipped.`,
      );
    case 'completed_unverified':
      return new AssayError(
        'EXPERIMENT_UNVERIFIED',
        `All cells of "${name}" ended, but the platform does not show all that was sent.`,
        {
          problems: view.publication
            .filter(isIncomplete)
            .map((each) => ({ at: each.platform, message: readBackText(each) })),
          mend: 'The platform may be slow: the report says what was missing at the deadline.',
        },
      );
    case 'completed': {
      const failed = failedCells(view.counts);
      if (!failOnErrors || failed === 0) return undefined;
      return new AssayError(
        'EXPERIMENT_HAS_ERRORS',
        `${nOf(failed, view.counts.planned)} cells of "${name}" ended in an error.`,
        {
          mend: `See \`assay experiment results ${shellWord(name)} --status target_error,evaluator_error\`.`,
        },
      );
    }
    case 'planning':
    case 'running':
    case 'paused':
    case 'publishing':
    case 'verifying':
      return undefined;
  }
}

const mendOf = (mend: string | undefined): { mend?: string } =>
  mend === undefined ? {} : { mend };

type Publication = ExperimentView['publication'][number];

const isIncomplete = (each: Publication): boolean =>
  each.verifiedTraces < each.expectedTraces ||
  each.verifiedScores < each.expectedScores ||
  each.verifiedRunScores < each.expectedRunScores ||
  each.duplicateSpans > 0 ||
  each.refused > 0;

/** `204 of 204 traces and 816 of 816 scores read back`, with what went wrong. */
export function readBackText(each: Publication): string {
  const text = `${nOf(each.verifiedTraces, each.expectedTraces)} traces and ${nOf(each.verifiedScores, each.expectedScores)} scores read back`;
  const { expectedRunScores, verifiedRunScores } = each;
  const troubles = [
    ...(verifiedRunScores < expectedRunScores
      ? [`${nOf(verifiedRunScores, expectedRunScores)} scores of the run`]
      : []),
    ...(each.duplicateSpans > 0 ? [counted(each.duplicateSpans, 'duplicate span')] : []),
    ...(each.refused > 0 ? [`${each.refused} refused by the platform`] : []),
    ...(each.ambiguousResends > 0 ? [`${each.ambiguousResends} sent again`] : []),
  ];
  return [text, ...troubles].join(', ');
}

async function printSummary(
  cli: Cli,
  view: ExperimentView,
  written: WrittenResults,
): Promise<void> {
  const { out } = cli;
  const { colours } = out;
  if (written.model !== undefined) await out.line(`\n${summaryText(written.model, view, out)}`);
  const none = written.model === undefined ? undefined : noneOkText(written.model);
  if (none !== undefined) await out.line(`\n${colours.bold(colours.red(out.safe(`✖ ${none}`)))}`);
  const reasons = errorLines(written.model, view);
  if (reasons.length > 0) {
    await out.line(`\n${colours.bold('Errors')}`);
    for (const line of reasons) await out.line(`  ${out.safe(line)}`);
    const hint = cli.hint(`experiment results ${shellWord(view.name)} --status ${failing(view)}`);
    await out.line(`  See them: ${colours.cyan(out.safe(hint))}`);
  }
  if (written.files.length > 0) {
    await out.line(`\n${colours.bold('Files')}`);
    for (const file of written.files) await out.line(`  ${shortPath(cli.cwd, file)}`);
  }
  if (written.exampleTrace !== undefined) {
    await out.line(
      `\nLook at a trace: ${colours.cyan(out.safe(cli.hint(`trace show ${written.exampleTrace}`)))}`,
    );
  }
}

function summaryText(model: ReportModel, view: ExperimentView, sink: Sink): string {
  const { headings, rows } = summaryTable([model]);
  const [row = []] = rows;
  const pairs = headings.map((heading, index): readonly [string, string] => [
    sink.safe(heading),
    sink.safe(row[index] ?? '—'),
  ]);
  const published = view.publication.map((each): readonly [string, string] => [
    sink.safe(each.platform),
    model.run.verify === 'off'
      ? `${nOf(each.sentTraces, each.expectedTraces)} traces sent`
      : readBackText(each),
  ]);
  const reused = reuseLine(view);
  return renderPairs([
    ...pairs,
    ...(reused === undefined ? [] : [['Reused', sink.safe(reused)] as const]),
    ...published,
    ...(view.trace === 'none' ? [['Published', unpublishedText] as const] : []),
  ]);
}

const mostReasons = 2;

/** The most frequent errors of a run, a line each. Not escaped. */
export function errorLines(
  model: Pick<ReportModel, 'errors'> | undefined,
  { counts }: Pick<ExperimentView, 'counts'>,
): readonly string[] {
  if (model === undefined || failedCells(counts) === 0) return [];
  const errors = model.errors.filter(({ phase }) => phase !== 'skipped');
  const lines = errors
    .slice(0, mostReasons)
    .map((group) => `${count(group.n)} × ${reasonText(group)}`);
  const more = errors.length - lines.length;
  return more === 0 ? lines : [...lines, `and ${counted(more, 'other kind')}`];
}

const failing = ({ counts }: ExperimentView): string =>
  (['target_error', 'evaluator_error'] as const).filter((each) => counts[each] > 0).join(',');

/** Below the current folder as a relative path, else in full. */
export function shortPath(cwd: string, path: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
}
