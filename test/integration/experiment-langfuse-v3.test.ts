import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';

const project = 'on-v3';
const items = 30;

describe('an experiment on a Langfuse 3 server', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 20,
      langfuse: { mode: 'legacy', version: '3.140.0' },
      files: {
        'assay.config.ts': configFile({ project }),
        ...datasetFiles(items),
        ...promptFiles,
      },
    });
    await harness.startWorkers({ count: 2 });
  });
  afterAll(() => harness.stop());

  const read = async (path: string): Promise<Readonly<Record<string, unknown>>> =>
    (await harness.platform.admin('GET', path)) as Readonly<Record<string, unknown>>;

  it('ends verified, each cell once in the run of its repetition, with the scores of the run', async () => {
    const view = await harness.run({ name: 'nightly', target: 'triage', repetitions: 2 });
    expect(view.status).toBe('completed');
    expect(view.publication).toEqual([
      expect.objectContaining({
        platform: 'langfuse',
        expectedTraces: items * 2,
        verifiedTraces: items * 2,
        duplicateSpans: 0,
        refused: 0,
      }),
    ]);
    const [counts] = view.publication;
    expect(counts?.verifiedScores).toBe(counts?.expectedScores);
    expect(counts?.expectedRunScores).toBeGreaterThan(0);
    expect(counts?.verifiedRunScores).toBe(counts?.expectedRunScores);

    const traces = new Set<string>();
    for (const run of ['nightly', 'nightly (repetition 2)']) {
      const shown = await read(`/api/public/datasets/items/runs/${encodeURIComponent(run)}`);
      const links = shown['datasetRunItems'] as readonly {
        readonly traceId: string;
        readonly datasetItemId: string;
      }[];
      expect(links).toHaveLength(items);
      expect(new Set(links.map(({ datasetItemId }) => datasetItemId)).size).toBe(items);
      for (const { traceId } of links) traces.add(traceId);
      const scores = await read(`/api/public/v2/scores?datasetRunId=${String(shown['id'])}`);
      expect(scores['data']).not.toEqual([]);
    }
    expect(traces.size).toBe(items * 2);
  });
});
