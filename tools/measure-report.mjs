// Makes the report and every file of a run of many cells and tells cells per second and the memory of the process. The cells
// are made up one by one, so that the memory is the report's own:
//
//   node scripts/build.mjs && node tools/measure-report.mjs [--cells 200000]
import { stat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { cells: { type: 'string' } } });
const planned = Number(values.cells ?? 200_000);
const repetitions = 10;

const report = await import('../dist/core/report/index.js');
const { withDrafts } = await import('../dist/cli/results/draft-file.js');

const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1);
const labels = ['billing', 'refund', 'shipping', 'account', 'technical'];
const hash = (digit) => digit.repeat(64);
const body = 'The invoice of last month shows an amount that we were never told about. '.repeat(13);

const header = {
  project: 'measure',
  experiment: `measure-${planned}`,
  runUid: '0'.repeat(32),
  manifestHash: hash('a'),
  manifest: {
    version: 1,
    dataset: { name: 'many', itemsHash: hash('b'), items: planned / repetitions },
    target: { kind: 'function', name: 'none', code: hash('c') },
    evaluators: [
      { name: 'category', kind: 'exact_match', required: true, options: { path: '/category' } },
      { name: 'tone', kind: 'llm_judge', required: false, options: {} },
    ],
    repetitions,
  },
  status: 'completed',
  startedAt: '2026-03-02T09:00:00.000Z',
  finishedAt: '2026-03-02T10:00:00.000Z',
  planned,
  concurrency: 100,
  seed: 1,
  verify: 'off',
  platforms: [],
  publication: [],
  links: [],
};

const call = (purpose, costPico) => ({
  path: purpose,
  kind: 'chat',
  purpose,
  provider: 'openai',
  model: 'm',
  parameters: {},
  input: body,
  startedAt: header.startedAt,
  endedAt: header.startedAt,
  usage: { inputTokens: 400, outputTokens: 60 },
  costPico,
});

// A linear congruential generator, so that every run of this script sees the same cells.
let state = 7;
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;

function makeCell(i) {
  const itemId = `item-${Math.floor(i / repetitions)}`;
  const expected = labels[Math.floor(i / repetitions) % labels.length];
  const right = random() > 0.12;
  const tone = Math.round(random() * 100) / 100;
  const got = right ? expected : labels[Math.floor(random() * labels.length)];
  return {
    cellId: String(i),
    itemId,
    repetition: (i % repetitions) + 1,
    revision: 1,
    status: i % 500 === 3 ? 'target_error' : 'ok',
    ...(i % 500 === 3
      ? { error: { code: 'TARGET_TIMEOUT', title: 'Late', message: `late ${i}`, problems: [] } }
      : { output: { category: got, reply: `${body}${i}` } }),
    evaluatorFailures: [],
    scores:
      i % 500 === 3
        ? []
        : [
            {
              name: 'category',
              evaluator: 'category',
              value: { type: 'BOOLEAN', value: got === expected },
              passed: got === expected,
            },
            {
              name: 'tone',
              evaluator: 'tone',
              value: { type: 'NUMERIC', value: tone },
              passed: tone > 0.2,
              comment: {
                passed_items: [],
                failed_items: tone > 0.2 ? [] : [`criterion ${i % 40}`],
                reasoning: `${body.slice(0, 300)}${i}`,
                suggestions: [],
              },
            },
          ],
    calls: [call('target', 96_000_000n), call('judge', BigInt(200_000_000 + (i % 1_000) * 10_000))],
    startedAt: header.startedAt,
    endedAt: header.startedAt,
    latencyMs: Math.round(300 - 900 * Math.log(1 - random())),
    targetCostPico: 96_000_000n,
    judgeCostPico: 200_000_000n,
    usage: { inputTokens: 400, outputTokens: 60 },
    sanitised: false,
    attempts: 1,
    item: {
      id: itemId,
      input: { text: `${body}${i}` },
      expected: { category: expected },
      metadata: { language: ['en', 'de', 'fr'][i % 3], channel: i % 2 === 0 ? 'mail' : 'chat' },
    },
    traceId: i.toString(16).padStart(32, '0'),
  };
}

let peak = 0;
const look = () => (peak = Math.max(peak, process.memoryUsage().rss));

async function measured(what, run) {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  peak = before;
  const started = performance.now();
  const result = await run();
  look();
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${what}: ${seconds.toFixed(2)} s, ${Math.round(planned / seconds)} cells/s, RSS ${mib(before)} → peak ${mib(peak)} MiB`,
  );
  return result;
}

const folder = await mkdtemp(join(tmpdir(), 'assay-measure-report-'));
try {
  const model = await measured(`build the report of ${planned} cells`, () => {
    const builder = report.createReportBuilder(header);
    for (let i = 0; i < planned; i += 1) {
      builder.add(makeCell(i));
      if (i % 1_000 === 0) look();
    }
    return builder.finish();
  });
  const paths = {
    html: join(folder, 'report.html'),
    markdown: join(folder, 'report.md'),
    json: join(folder, 'report.json'),
    csv: join(folder, 'results.csv'),
    jsonl: join(folder, 'results.jsonl'),
    junit: join(folder, 'junit.xml'),
  };
  await measured('write its files', () =>
    withDrafts(paths, async (drafts) => {
      await drafts.html.write(report.renderHtml(model));
      await drafts.markdown.write(report.renderMarkdown(model));
      await drafts.json.write(report.renderJson(model));
      const names = report.csvScoreNames(model);
      await drafts.csv.write(report.csvHeader(names));
      await drafts.junit.write(report.junitStart(model));
      for (let i = 0; i < planned; i += 1) {
        const cell = makeCell(i);
        await drafts.csv.write(report.csvRow(cell, names));
        await drafts.jsonl.write(report.jsonLine(cell));
        await drafts.junit.write(report.junitCase(cell, model.run));
        if (i % 1_000 === 0) look();
      }
      await drafts.junit.write(report.junitEnd());
    }),
  );
  for (const [name, path] of Object.entries(paths)) {
    console.log(`  ${name}: ${mib((await stat(path)).size)} MiB`);
  }
  console.log(`  failed cells: ${model.failures.cells}, flaky items: ${model.flaky?.mixed}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
