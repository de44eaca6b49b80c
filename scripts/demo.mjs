// The demo: the example experiment with both prompts over real tickets, on the embedded stack, from a bare clone.
// It drives the CLI as a user would: `assay dev` beside, `assay experiment run` thrice, then one table over both prompts.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { prepare } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'examples', 'support-triage');
const cli = join(root, 'dist', 'cli', 'main.js');
const keep = process.argv.includes('--keep');

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(`npm run demo [-- --keep]

Installs and builds what is missing, starts the embedded stack (Postgres, Temporal, a Langfuse-compatible
dev server, a demo model), runs examples/support-triage with two versions of a prompt and a search of help
articles, prints a table over both prompts and where the reports are, and stops everything again.

  --keep   leaves the stack up until Ctrl-C, so that you can look around`);
  process.exit(0);
}

let interrupted = false;
const children = new Set();

const start = (args, options = {}) => {
  const child = spawn(process.execPath, [cli, '-C', folder, ...args], {
    cwd: root,
    // Groups of their own: Ctrl-C reaches this script alone, which stops them in order.
    detached: true,
    // Started without npm as well, what it prints to copy must be there: a clone has no `assay` on the PATH.
    env: { ...process.env, npm_package_name: 'assay', npm_lifecycle_event: 'demo' },
    ...options,
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
};

const exitOf = (child) =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode ?? 1);
    else child.once('close', (code) => resolve(code ?? 1));
  });

/** The stack, up; resolves with its addresses. */
const startDev = async () => {
  const child = start(['dev', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const facts = JSON.parse(line);
      if (facts.ready === true) resolve(facts);
      else if (facts.error) {
        const { message, mend } = facts.error;
        reject(new Error([message, mend].filter(Boolean).join('\n')));
      }
    });
    child.once('close', () => reject(new Error('The embedded stack did not start.')));
  });
  return { child, facts: await ready };
};

const runExperiment = async (target, dataset = 'support-tickets') => {
  console.log(`\n── ${target} ─────────────────────────────────────────────`);
  const child = start(['experiment', 'run', '--dataset', dataset, '--target', target], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await exitOf(child);
  if (code !== 0) throw new Error(`The run of ${target} ended with exit code ${code}.`);
};

/** The newest report of a target. */
const reportOf = (target) => {
  const results = join(folder, 'results');
  const newest = readdirSync(results)
    .filter((name) => name.startsWith(`${target}-`))
    .filter((name) => existsSync(join(results, name, 'report.json')))
    .sort()
    .at(-1);
  if (newest === undefined) throw new Error(`There is no report of ${target}.`);
  const path = join(results, newest);
  return { path, model: JSON.parse(readFileSync(join(path, 'report.json'), 'utf8')) };
};

const load = (path) => import(pathToFileURL(join(root, 'dist', path)).href);

const printComparison = async (reports) => {
  const { summaryTable } = await load('core/report/index.js');
  const { terminalLine } = await load('core/text/escape/terminal.js');
  const { headings, rows } = summaryTable(reports.map(({ model }) => model));
  // One column a run reads better than one row of ten columns.
  const cells = headings.map((heading, index) => [heading, ...rows.map((row) => row[index] ?? '')]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column].length)));
  console.log('\n── Both prompts ──────────────────────────────────────────');
  for (const row of cells) {
    console.log(row.map((text, column) => terminalLine(text).padEnd(widths[column])).join('  '));
  }
  const byName = (model) =>
    new Map(model.evaluators.flatMap(({ scores }) => scores).map((score) => [score.name, score]));
  const [before, after] = reports.map(({ model }) => byName(model).get('category')?.passRate);
  if (before && after) {
    const percent = (rate) => `${(100 * rate).toFixed(1)} %`;
    const range = ({ low, high }) => `${percent(low)} to ${percent(high)}`;
    console.log(
      `\nThe right category: ${percent(before.rate)} (95 % interval ${range(before.interval)}) with the first prompt,` +
        `\n                    ${percent(after.rate)} (95 % interval ${range(after.interval)}) with the second.`,
    );
  }
};

const printPlaces = (reports, facts) => {
  console.log('\nReports:');
  for (const { path } of reports) console.log(`  ${relative(root, join(path, 'report.md'))}`);
  const trace = firstTrace(reports.at(-1));
  const where = `-C ${relative(process.cwd(), folder) || '.'}`;
  if (facts.services.temporal?.uiUrl)
    console.log(`\nTemporal UI:  ${facts.services.temporal.uiUrl}`);
  if (facts.services.langfuse) {
    const { url, projectId } = facts.services.langfuse;
    console.log(`Traces:       ${url}/project/${projectId}/traces`);
  }
  if (trace) console.log(`One trace:    npm run assay -- ${where} trace show ${trace}`);
  if (!keep)
    console.log(
      'These need the stack: `npm run demo -- --keep` leaves it up, `npm run dev -- ' +
        where +
        '` starts it again with its data.',
    );
};

const firstTrace = ({ path }) => {
  const [line] = readFileSync(join(path, 'results.jsonl'), 'utf8').split('\n', 1);
  return line ? JSON.parse(line).traceId : undefined;
};

const stop = async (child) => {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await exitOf(child);
};

const main = async () => {
  const started = performance.now();
  await prepare();
  const { child, facts } = await startDev();
  try {
    await runExperiment('triage-v1');
    await runExperiment('triage-v2');
    await runExperiment('find-articles', 'help-questions');
    const reports = [reportOf('triage-v1'), reportOf('triage-v2')];
    await printComparison(reports);
    printPlaces([reportOf('find-articles'), ...reports], facts);
    console.log(`\nThe demo took ${((performance.now() - started) / 1000).toFixed(0)} s.`);
    if (keep) {
      console.log('The stack is up until Ctrl-C.');
      await exitOf(child);
    }
  } finally {
    await stop(child);
  }
};

const onSignal = (signal) => {
  if (interrupted) return;
  interrupted = true;
  console.error(`\n${signal === 'SIGINT' ? 'Ctrl-C' : signal}: stopping the stack …`);
  for (const child of children) child.kill('SIGTERM');
};
process.on('SIGINT', () => onSignal('SIGINT'));
process.on('SIGTERM', () => onSignal('SIGTERM'));

try {
  await main();
} catch (error) {
  if (!interrupted) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
await Promise.all([...children].map(exitOf));
if (interrupted) process.exitCode = keep ? 0 : 130;
