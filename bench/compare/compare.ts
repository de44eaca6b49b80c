import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { CallRecord } from '../../src/devstack/model/call-log.js';
import { median } from '../arithmetic/median.js';
import {
  repeat,
  type BenchContext,
  type Measured,
  type Measurement,
} from '../engine/measurement.js';
import { until } from '../engine/run-load.js';
import { peakRssMiB } from '../stack/processes.js';
import { withBenchStack, type BenchStack } from '../stack/bench-stack.js';
import { project } from '../stack/project-files.js';
import { assayFiles, comparedLoad, peerDataset, peerTarget, type ComparedLoad } from './load.js';
import { startMeasured, type Command } from './measured-process.js';
import { ensurePeers, fetchPool, peers, type Peer, type PeerServices } from './peers.js';
import { startScoreSink, type ScoreSink } from './score-sink.js';

const items = 2_000;
const latencies = [200, 0] as const;

/** One side's run of the load, from the start of its process to its end. */
interface SideRun {
  readonly seconds: number;
  /** Of all its processes; the model is nobody's. */
  readonly cpuMsPerItem: number;
  /** Of its biggest process. */
  readonly peakRssMiB: number;
}

/** What is left after a kill -9 at half and what a person does then. */
interface AfterKill {
  readonly lost: number;
  readonly repeated: number;
  readonly doubled: number;
}

interface Arena {
  readonly stack: BenchStack;
  readonly sink: ScoreSink;
  readonly load: ComparedLoad;
  readonly services: PeerServices;
}

const names = ['langfuse', 'promptfoo'] as const;
const sides = ['assay', ...names] as const;
type Side = (typeof sides)[number];

/** Every side runs 2,000 items over the same model, dataset and evaluator; for Assay the clock is its CLI's. */
export const comparison: Measurement = {
  figures: {
    ...Object.fromEntries(
      names.flatMap((name) =>
        latencies.map((latency) => [
          `${name}Wall${latency}`,
          { unit: '× ours', goal: { atLeast: 1 } },
        ]),
      ),
    ),
    fetchPoolWall200: { unit: '× ours' },
    fetchPoolWall0: { unit: '× ours' },
    rss: { unit: 'MiB' },
    cpu: { unit: 'ms/item' },
    lostAfterKill: { unit: 'items', goal: { atMost: 0 } },
    repeatedAfterKill: { unit: 'calls' },
    doubledAfterKill: { unit: 'items', goal: { atMost: 0 } },
  },
  minutes: 12,
  async measure(context) {
    await ensurePeers(context.log);
    const sink = await startScoreSink();
    try {
      return await withBenchStack({ latencyMs: 0, ...context }, async (stack) => {
        const load = comparedLoad(items);
        await stack.addFiles(assayFiles(load, project));
        await stack.startWorkers();
        const { OPENAI_BASE_URL: modelUrl = '', OPENAI_API_KEY: apiKey = '' } = stack.environment;
        const services = { modelUrl, apiKey, platformUrl: sink.url };
        const arena: Arena = { stack, sink, load, services };
        // Brings the dataset to the platform and warms the worker up; the peers have nothing to warm.
        await runAssay(arena, 'warm-up');
        return { ...(await walls(arena, context)), ...(await kills(arena, context)) };
      });
    } finally {
      await sink.close();
    }
  },
};

async function walls(arena: Arena, context: BenchContext): Promise<Record<string, Measured>> {
  const figures: Record<string, Measured> = {};
  let last: Readonly<Record<string, SideRun>> = {};
  for (const latency of latencies) {
    await arena.stack.model.setLatency(latency);
    const runs = await repeat(context, async (run) => {
      const of: Record<string, SideRun> = {
        assay: await runAssay(arena, `wall-${latency}-${run}`),
      };
      for (const peer of [...peers, fetchPool]) of[peer.name] = await runPeer(arena, peer);
      context.log(
        `${latency} ms, run ${run}: ${Object.entries(of)
          .map(([name, { seconds }]) => `${name} ${seconds.toFixed(1)} s`)
          .join(', ')}`,
      );
      return of;
    });
    for (const name of [...names, 'fetchPool']) {
      const ratios = runs.map((of) => (of[name]?.seconds ?? 0) / (of['assay']?.seconds ?? 1));
      figures[`${name}Wall${latency}`] = {
        value: median(ratios),
        parts: secondsOf(runs, ['assay', name]),
      };
    }
    last = runs.at(-1) ?? {};
  }
  const parts = (of: (run: SideRun) => number): Record<string, number> =>
    Object.fromEntries(Object.entries(last).map(([name, run]) => [name, of(run)]));
  const rss = parts((run) => run.peakRssMiB);
  const cpu = parts((run) => run.cpuMsPerItem);
  figures['rss'] = { value: rss['assay'] ?? Number.NaN, parts: rss };
  figures['cpu'] = { value: cpu['assay'] ?? Number.NaN, parts: cpu };
  return figures;
}

const secondsOf = (
  runs: readonly Readonly<Record<string, SideRun>>[],
  of: readonly string[],
): Record<string, number> =>
  Object.fromEntries(
    of.map((name) => [`${name} s`, median(runs.map((run) => run[name]?.seconds ?? 0))]),
  );

/** The CLI against running workers, as a person or a CI job starts it: from its start to its end, report and read-back included. */
function assayCommand({ stack, load }: Arena, name: string): Command {
  return {
    args: [
      resolve('dist/cli/main.js'),
      ...['--project', project],
      'experiment',
      'run',
      ...['--dataset', peerDataset, '--target', peerTarget, '--name', name],
      ...['--concurrency', String(load.concurrency)],
    ],
    cwd: stack.folder,
    environment: stack.environment,
  };
}

async function runAssay(arena: Arena, name: string): Promise<SideRun> {
  const { stack } = arena;
  const before = stack.cpu();
  const cli = await startMeasured(assayCommand(arena, name)).ended;
  if (cli === undefined) throw new Error('nobody kills the CLI');
  const after = stack.cpu();
  const ours = ['worker', 'temporal', 'postgres'] as const;
  const cpuMs = ours.reduce((sum, each) => sum + (after[each] ?? 0) - (before[each] ?? 0), 0);
  const rss = stack.workerPids().map((pid) => peakRssMiB(pid) ?? 0);
  return {
    seconds: cli.seconds,
    cpuMsPerItem: (cpuMs + cli.cpuMs) / items,
    peakRssMiB: Math.max(cli.peakRssMiB, ...rss),
  };
}

async function runPeer(arena: Arena, peer: Peer): Promise<SideRun> {
  return inFolder(async (cwd) => {
    arena.sink.clear();
    const command = await peer.prepare(arena.load, arena.services, cwd);
    const run = await startMeasured(command).ended;
    if (run === undefined) throw new Error('nobody kills this one');
    const results = await peer.results(cwd, arena.load, arena.sink.scores);
    if (results.size !== items) throw new Error(`${peer.name} gave ${results.size} of ${items}`);
    return {
      seconds: run.seconds,
      cpuMsPerItem: run.cpuMs / items,
      peakRssMiB: run.peakRssMiB,
    };
  });
}

async function kills(arena: Arena, { log }: BenchContext): Promise<Record<string, Measured>> {
  await arena.stack.model.setLatency(latencies[0]);
  const of: Record<Side, AfterKill> = {
    assay: await killAssay(arena),
    langfuse: { lost: 0, repeated: 0, doubled: 0 },
    promptfoo: { lost: 0, repeated: 0, doubled: 0 },
  };
  for (const peer of peers) {
    if (peer.name !== 'fetchPool') of[peer.name] = await killPeer(arena, peer);
  }
  log(`after kill -9 at half: ${JSON.stringify(of)}`);
  const figure = (what: keyof AfterKill): Measured => ({
    value: of.assay[what],
    parts: Object.fromEntries(sides.map((side) => [side, of[side][what]])),
  });
  return {
    lostAfterKill: figure('lost'),
    repeatedAfterKill: figure('repeated'),
    doubledAfterKill: figure('doubled'),
  };
}

const half = async ({ stack }: Arena): Promise<void> =>
  until(async () => (await stack.model.summary()).paid >= items / 2, 20);

/** The worker is killed; its supervisor starts another, and nobody does anything else. */
async function killAssay(arena: Arena): Promise<AfterKill> {
  const { stack } = arena;
  await stack.model.clearCalls();
  const name = 'killed';
  const cli = startMeasured(assayCommand(arena, name));
  await half(arena);
  for (const pid of stack.workerPids()) process.kill(pid, 'SIGKILL');
  await cli.ended;
  const run = await stack.client.experiments.get({ project, name });
  const [rows] = await stack.query<{ doubled: number }>(
    `select (count(*) - count(distinct (trace_id, id)))::int as doubled
       from langfuse_dev.observations where metadata->>'assay.run_uid' = $1`,
    [run.runUid],
  );
  return {
    lost: items - run.counts.ok,
    repeated: repeatedOf(await stack.model.calls()),
    doubled: rows?.doubled ?? Number.NaN,
  };
}

async function killPeer(arena: Arena, peer: Peer): Promise<AfterKill> {
  return inFolder(async (cwd) => {
    arena.sink.clear();
    await arena.stack.model.clearCalls();
    const command = await peer.prepare(arena.load, arena.services, cwd);
    const first = startMeasured(command);
    await half(arena);
    first.kill();
    await first.ended;
    await startMeasured(peer.again(command)).ended;
    const results = await peer.results(cwd, arena.load, arena.sink.scores);
    return {
      lost: items - results.size,
      repeated: repeatedOf(await arena.stack.model.calls()),
      doubled: [...results.values()].filter((count) => count > 1).length,
    };
  });
}

/** Paid calls beyond one for each `x-assay-call`: every side sends one that is its item's. */
function repeatedOf(calls: readonly CallRecord[]): number {
  const paid = calls.filter((call) => call.paid);
  return paid.length - new Set(paid.map((call) => call.call)).size;
}

async function inFolder<Result>(work: (cwd: string) => Promise<Result>): Promise<Result> {
  const cwd = await mkdtemp(join(tmpdir(), 'assay-peer-'));
  try {
    return await work(cwd);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
