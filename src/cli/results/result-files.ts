import { join } from 'node:path';

import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentView } from '../../client/experiment-view.js';
import {
  csvForm,
  csvHeader,
  csvRow,
  jsonLine,
  junitCase,
  junitEnd,
  junitStart,
  type ReportModel,
} from '../../core/report/index.js';
import { withDrafts } from './draft-file.js';
import { findReport } from './report-model.js';
import { toReportCell } from './result-cell.js';

/** What was written of a run. */
export interface WrittenResults {
  readonly folder: string;
  /** Paths; empty where the run failed before it had a plan, and so has no report. */
  readonly files: readonly string[];
  readonly model: ReportModel | undefined;
  /** A cell worth looking at: the first failed one of the report, else the first one. */
  readonly exampleTrace: string | undefined;
}

/** Writes the files of a run that has ended; the cells are read once and are never in memory together. */
export async function writeResultFiles(
  client: AssayClient,
  view: ExperimentView,
  folder: string,
): Promise<WrittenResults> {
  const key = { project: view.project, name: view.name };
  const model = await findReport(client, key);
  if (model === undefined) return { folder, files: [], model, exampleTrace: undefined };
  const paths = {
    html: join(folder, 'report.html'),
    markdown: join(folder, 'report.md'),
    json: join(folder, 'report.json'),
    csv: join(folder, 'results.csv'),
    jsonl: join(folder, 'results.jsonl'),
    junit: join(folder, 'junit.xml'),
  };
  const form = csvForm(model);
  let firstTrace: string | undefined;
  await withDrafts(paths, async (drafts) => {
    await drafts.html.write(await client.experiments.report(key, 'html'));
    await drafts.markdown.write(await client.experiments.report(key, 'markdown'));
    await drafts.json.write(await client.experiments.report(key, 'json'));
    await drafts.csv.write(csvHeader(form));
    await drafts.junit.write(junitStart(model));
    for await (const stored of client.experiments.results(key)) {
      firstTrace ??= stored.traceId;
      const cell = toReportCell(stored);
      await drafts.csv.write(csvRow(cell, form));
      await drafts.jsonl.write(jsonLine(cell));
      await drafts.junit.write(junitCase(cell, model.run));
    }
    await drafts.junit.write(junitEnd());
  });
  return {
    folder,
    files: Object.values(paths),
    model,
    // Nobody finds a trace that was not published.
    exampleTrace: model.run.trace === 'none' ? undefined : (failedTrace(model) ?? firstTrace),
  };
}

function failedTrace(model: ReportModel): string | undefined {
  const failed = model.failures.patterns.flatMap(({ examples }) => examples);
  const errors = model.errors.flatMap(({ examples }) => examples);
  return [...failed, ...errors].find(({ traceId }) => traceId !== '')?.traceId;
}
