import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentKey } from '../../client/experiments.js';
import { reportSchema } from '../../contracts/report/report.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { ReportModel } from '../../core/report/index.js';

/** The report of a run as it was made at its end. @throws AssayError REPORT_NOT_READY, EXPERIMENT_NOT_FOUND */
export async function readReport(
  client: AssayClient,
  key: ExperimentKey,
  options: { readonly partial?: boolean } = {},
): Promise<ReportModel> {
  const parsed: unknown = JSON.parse(await client.experiments.report(key, 'json', options));
  const model = reportSchema.safeParse(parsed);
  if (model.success) return model.data;
  throw new AssayError('INTERNAL', `The stored report of "${key.name}" has an unknown form.`, {
    mend: 'Use the version of Assay that made it.',
  });
}

/** {@link readReport}, undefined where there is none (yet). */
export async function findReport(
  client: AssayClient,
  key: ExperimentKey,
  options: { readonly partial?: boolean } = {},
): Promise<ReportModel | undefined> {
  try {
    return await readReport(client, key, options);
  } catch (error) {
    if (AssayError.is(error) && error.code === 'REPORT_NOT_READY') return undefined;
    throw error;
  }
}
