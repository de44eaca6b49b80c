import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { reportJsonSchema } from '../../../src/contracts/report/json-schema.js';
import { reportSchema } from '../../../src/contracts/report/report.js';
import { renderJson } from '../../../src/core/report/json.js';
import type { ReportModel } from '../../../src/core/report/report-model.js';
import { header, report } from '../core/report/cells.js';
import { compared } from '../core/report/compared-run.js';
import { hostileCells, hostileHeader } from '../core/report/hostile-run.js';
import { repeatedCells, repeatedHeader } from '../core/report/repeated-run.js';
import { sampleCells, sampleHeader } from '../core/report/sample-run.js';

const published: unknown = JSON.parse(
  await readFile(
    join(import.meta.dirname, '..', '..', '..', 'docs', 'reference', 'report.schema.json'),
    'utf8',
  ),
);
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(published as object);

const reports: Readonly<Record<string, ReportModel>> = {
  'a finished run': report(sampleCells(), sampleHeader),
  'a run with repetitions': report(repeatedCells(), repeatedHeader),
  'a run against its baseline': compared(report(sampleCells(), sampleHeader)),
  'a hostile run': report(hostileCells(), hostileHeader()),
  'a run without a cell': report([], header(0)),
};

describe('the published schema of report.json', () => {
  it('is what the generator writes', () => {
    // node tools/generate-report-schema.mjs
    expect(published).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
  });

  it.each(Object.entries(reports))('holds for %s', (_, model) => {
    const written: unknown = JSON.parse(renderJson(model));
    validate(written);
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each(Object.entries(reports))('names every member of %s', (_, model) => {
    // The schema drops what it does not name.
    expect(reportSchema.parse(JSON.parse(renderJson(model)))).toEqual(model);
  });

  it('refuses what is no report', () => {
    const [model] = Object.values(reports);
    for (const wrong of [
      {},
      { ...model, version: 2 },
      { ...model, cells: { ...model?.cells, ok: -1 } },
      { ...model, latencyMs: {} },
    ]) {
      expect(validate(wrong)).toBe(false);
      expect(reportSchema.safeParse(wrong).success).toBe(false);
    }
  });

  it('reads a report of a version that lacked the later members', () => {
    const model = report(sampleCells(), sampleHeader);
    const { worstItems: _worst, flaky: _flaky, cellDollars: _dollars, ...older } = model;
    const { more: _more, ...failures } = older.failures;
    const old = { ...older, failures };
    expect(validate(old)).toBe(true);
    expect(reportSchema.parse(old)).toMatchObject({ worstItems: [], flaky: null });
  });
});
