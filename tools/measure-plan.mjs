// Plans a dataset of many items into rows and tells items per second and the memory of the process, with a Postgres of
// its own (or the scratch database of DATABASE_URL, where the rows stay):
//
//   node scripts/build.mjs && node tools/measure-plan.mjs [--items 1000000] [--format jsonl|csv|json]
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { items: { type: 'string' }, format: { type: 'string' } },
});
const items = Number(values.items ?? 1_000_000);
const format = values.format ?? 'jsonl';

const { configSchema } = await import('../dist/contracts/config.js');
const { experimentSpecSchema } = await import('../dist/contracts/experiment-spec.js');
const { scanItems } = await import('../dist/activities/experiment/item-scan.js');
const { openItems } = await import('../dist/activities/experiment/item-stream.js');
const { planItems } = await import('../dist/activities/experiment/plan-items.js');
const { runMigrations } = await import('../dist/store/migrate.js');
const { openStore } = await import('../dist/store/store.js');
const { countCells } = await import('../dist/store/cells.js');
const { getExperiment, insertExperiment } = await import('../dist/store/experiments.js');

const mib = (bytes) => Math.round(bytes / 1024 / 1024);
const text = 'The invoice of last month shows an amount that we were never told about. '.repeat(3);

async function writeDataset(root) {
  await mkdir(join(root, 'datasets/many'), { recursive: true });
  const file = createWriteStream(join(root, `datasets/many/test_cases.${format}`));
  if (format === 'csv') file.write('id,input.text,expected.category,metadata.n\n');
  if (format === 'json') file.write('[');
  for (let n = 0; n < items; n += 1) {
    const line =
      format === 'csv'
        ? `item-${n},"${text}${n}",billing,${n % 7}\n`
        : `${JSON.stringify({
            id: `item-${n}`,
            inputs: { text: `${text}${n}` },
            expected: { category: 'billing' },
            metadata: { n: n % 7 },
          })}${format === 'json' ? (n === items - 1 ? ']' : ',') : ''}\n`;
    if (!file.write(line)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

async function measured(what, run) {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
  const started = performance.now();
  const result = await run();
  const seconds = (performance.now() - started) / 1000;
  clearInterval(timer);
  const perSecond = Math.round(items / seconds);
  console.log(
    `${what}: ${seconds.toFixed(1)} s, ${perSecond} items/s, RSS ${mib(before)} → peak ${mib(peak)} MiB`,
  );
  return result;
}

async function measure(url) {
  await runMigrations(url);
  const root = await mkdtemp(join(tmpdir(), 'assay-measure-'));
  const store = await openStore({ url, applicationName: 'assay measure' });
  try {
    await writeDataset(root);
    const config = configSchema.parse({ project: 'measure', targets: {}, evaluators: {} });
    const ports = { store, platforms: [], project: { config, root, codeHash: '' } };
    const name = `plan-${process.pid}`;
    const spec = experimentSpecSchema.parse({
      project: 'measure',
      name,
      dataset: { name: 'many' },
      target: 'none',
    });
    const { signal } = new AbortController();
    const stream = await openItems(spec, ports);
    const dataset = await measured(`read and hash ${items} ${format}`, () =>
      scanItems(stream, { signal, selection: undefined, onPage: () => undefined }),
    );
    const manifest = {
      version: 1,
      dataset: { name: 'many', ...dataset },
      target: { kind: 'function', name: 'none', code: '0'.repeat(64) },
      evaluators: [],
      repetitions: 1,
    };
    const { experiment } = await insertExperiment(store, {
      project: 'measure',
      name,
      slug: name,
      runUid: name,
      spec,
      specHash: '',
      workflowId: name,
      manifest,
    });
    const record = await getExperiment(store, experiment.id);
    const plan = () =>
      planItems(record, {
        manifest,
        ports,
        beat: { tell: () => undefined, cancelled: signal, before: {} },
      });
    await measured('plan into rows', plan);
    await measured('the same again, as after a kill', plan);
    await measured('count cells', () => countCells(store, experiment.id).then(console.log));
  } finally {
    await store.close();
    await rm(root, { recursive: true, force: true });
  }
}

if (process.env.DATABASE_URL) await measure(process.env.DATABASE_URL);
else {
  await import('../test/support/register-ts.mjs');
  const { openRunFolder } = await import('../test/support/run-folder.ts');
  const { startTestPostgres } = await import('../test/support/test-postgres.ts');
  const folder = await openRunFolder();
  const server = await startTestPostgres(folder.path);
  try {
    await measure(server.address);
  } finally {
    await server.stop();
    await folder.remove();
  }
}
