import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { GateReport } from '../../src/client/gate.js';
import { runCli } from '../../src/cli/run-cli.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { recorded } from '../unit/cli/streams.js';

const project = 'early';
const items = 300;

const config = configFile({
  project,
  prelude: `
    const ask = async (text, { models }) => {
      await models.chat({ model: 'small', messages: [{ role: 'user', content: text }] });
    };
    const words = { invoice: 'billing', parcel: 'shipping', crashes: 'bug' };
    const right = ({ text }) => ({
      category: Object.entries(words).find(([word]) => text.includes(word))?.[1],
    });
    const good = async (input, context) => {
      await ask(input.text, context);
      return right(input);
    };
    // Wrong where the number of the case does not end in 0 to 2.
    const worse = async (input, context) => {
      await ask(input.text, context);
      return / \\(case \\d*[0-2]\\)/.test(input.text) ? right(input) : { category: 'none' };
    };`,
  targets: `
    good: { kind: 'function', run: good, evaluators: ['category'] },
    worse: { kind: 'function', run: worse, evaluators: ['category'] },`,
});

describe('a gate that may end its head early', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 100,
      files: { 'assay.config.ts': config, ...datasetFiles(items), ...promptFiles },
    });
    await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  const cli = async (...args: string[]) => {
    const [out, err] = [recorded(), recorded()];
    const { environment, folder: cwd } = harness;
    const from = { stdout: out.stream, stderr: err.stream, environment, cwd };
    const code = await runCli(from, ['--project', project, ...args]);
    return { code, stdout: out.text(), stderr: err.text() };
  };
  const gate = async (name: string, target: string, ...args: string[]) => {
    const run = ['--dataset', 'items', '--target', target, '--concurrency', '10'];
    const ended = await cli('gate', 'run', '--name', name, ...run, ...args, '--json');
    const { report } = JSON.parse(ended.stdout) as { readonly report: GateReport };
    return { ...ended, report };
  };
  it('ends a head that is clearly worse, saves its calls, and says so everywhere', async () => {
    await harness.run({ name: 'main', target: 'good', concurrency: 40 });
    await cli('baseline', 'save', 'main', '--promote');
    const before = (await harness.paidCalls()).size;
    const { code, report } = await gate('bad', 'worse', '--early-stop');
    expect(code).toBe(10);
    const { comparison } = report;
    expect(comparison).toMatchObject({
      verdict: 'regress',
      earlyStop: { verdict: 'regress', run: { planned: items } },
      evaluators: [{ name: 'category', verdict: 'regress', method: 'sequence', test: null }],
    });
    const { counts, status } = await harness.client.experiments.get({ project, name: 'bad' });
    expect(status).toBe('completed');
    expect(counts).toMatchObject({ planned: items, pending: 0 });
    expect(counts.skipped).toBeGreaterThan(items / 4);
    expect(counts.ok + counts.skipped).toBe(items);
    expect(report.comparison.earlyStop?.run).toMatchObject({
      ran: counts.ok,
      skipped: counts.skipped,
    });
    // One call for each cell that was run, and none for the others.
    expect((await harness.paidCalls()).size - before).toBe(counts.ok);

    const shown = await cli('gate', 'show', 'bad');
    expect(shown.stdout).toMatch(/Settled after \d+ of 300 cells/);
    expect(shown.stdout).toMatch(/were run and \d+ skipped, which saved about \d+ calls and \$/);
    expect(shown.stdout).toContain('confidence sequence');
    const told = await harness.client.experiments.report({ project, name: 'bad' }, 'markdown');
    expect(told).toContain('Settled after');
    const { stdout } = await cli('experiment', 'results', 'bad', '--status', 'skipped', '--json');
    expect(stdout).toContain('EARLY_STOP');
  });

  it('is no base and no head of another gate: only its own bounds take account of its end', async () => {
    const saved = await cli('baseline', 'save', 'bad', '--json');
    expect(JSON.parse(saved.stdout)).toMatchObject({ error: { code: 'GATE_RUN_FAILED' } });
    const compared = await cli('gate', 'compare', 'bad', '--json');
    expect(JSON.parse(compared.stdout)).toMatchObject({ error: { code: 'GATE_RUN_FAILED' } });
    expect((await cli('experiment', 'status', 'bad')).stdout).toMatch(
      /^Ended early +Settled after/m,
    );
  });

  it('can be run to its end all the same, and is a run as any then', async () => {
    const retried = await cli('experiment', 'retry', 'bad', '--skipped', '--json');
    expect(retried.code).toBe(0);
    const { counts } = await harness.client.experiments.get({ project, name: 'bad' });
    expect(counts).toMatchObject({ ok: items, skipped: 0 });
    const compared = await cli('gate', 'compare', 'bad', '--json');
    const { verdict, report } = JSON.parse(compared.stdout) as {
      readonly verdict: string;
      readonly report: GateReport;
    };
    // What the early stop had foreseen.
    expect(verdict).toBe('regress');
    expect(report.comparison.earlyStop).toBeUndefined();
  });

  it('runs a head that is as good to its end, after its base, with the usual verdict', async () => {
    const { code, report } = await gate('fine', 'good', '--early-stop', '--base-target', 'good');
    expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: 'pass' });
    expect(report.comparison.earlyStop).toBeUndefined();
    expect(report.comparison.evaluators[0]?.method).not.toBe('sequence');
    const head = await harness.client.experiments.get({ project, name: 'fine' });
    const base = await harness.client.experiments.get({ project, name: 'fine-base' });
    expect(head.counts).toMatchObject({ ok: items, skipped: 0 });
    expect(Date.parse(head.createdAt)).toBeGreaterThan(Date.parse(base.finishedAt ?? ''));
  });

  it('refuses what contradicts it', async () => {
    const run = ['gate', 'run', '--dataset', 'items', '--target', 'good', '--early-stop'];
    const refused = await cli(...run, '--missing', 'exclude', '--json');
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'GATE_INVALID' } });
  });
});
