import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentKey } from '../../client/experiments.js';
import type { CellStatus } from '../../contracts/records.js';
import {
  csvForm,
  csvHeader,
  csvRow,
  jsonLine,
  junitXml,
  type ReportModel,
} from '../../core/report/index.js';
import { toReportCell, type ResultCell } from './result-cell.js';

/** Which cells of which run. */
export interface ResultQuery {
  readonly key: ExperimentKey;
  readonly status?: readonly CellStatus[];
}

export function cellsOf(client: AssayClient, query: ResultQuery): AsyncGenerator<ResultCell> {
  const { key, status } = query;
  return client.experiments.results(key, status === undefined ? {} : { status });
}

/** Cells as JSON Lines, as they come. */
export async function* jsonLines(client: AssayClient, query: ResultQuery): AsyncGenerator<string> {
  for await (const cell of cellsOf(client, query)) yield jsonLine(toReportCell(cell));
}

/**
 * Cells as CSV. Of a run that never came to a report nobody says which scores there are, so they are looked for in a first
 * pass; the cells are never in memory together.
 */
export async function* csvLines(
  client: AssayClient,
  query: ResultQuery,
  model: ReportModel | undefined,
): AsyncGenerator<string> {
  const form =
    model === undefined
      ? { scoreNames: await scoreNames(client, query), informative: new Set<string>() }
      : csvForm(model);
  yield csvHeader(form);
  for await (const cell of cellsOf(client, query)) yield csvRow(toReportCell(cell), form);
}

async function scoreNames(client: AssayClient, query: ResultQuery): Promise<readonly string[]> {
  const names = new Set<string>();
  for await (const cell of cellsOf(client, query)) {
    for (const { name } of cell.scores) names.add(name);
  }
  return [...names].sort();
}

/** The run as a JUnit document, piece by piece. */
export function junitPieces(
  client: AssayClient,
  key: ExperimentKey,
  model: ReportModel,
): AsyncGenerator<string> {
  return junitXml(model, reportCells(client, key));
}

async function* reportCells(client: AssayClient, key: ExperimentKey) {
  for await (const cell of cellsOf(client, { key })) yield toReportCell(cell);
}
