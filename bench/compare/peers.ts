import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Command } from './measured-process.js';
import type { ComparedLoad } from './load.js';

const folder = resolve('bench/peers');

/** Where the peers find what they run on. */
export interface PeerServices {
  readonly modelUrl: string;
  readonly apiKey: string;
  readonly platformUrl: string;
}

/** Another runner of experiments. */
export interface Peer {
  readonly name: 'fetchPool' | 'langfuse' | 'promptfoo';
  /** Writes what it needs into an empty folder, and says how it is started there. */
  prepare(load: ComparedLoad, services: PeerServices, cwd: string): Promise<Command>;
  /** What a person would start after a crash in that folder. */
  readonly again: (command: Command) => Command;
  /** Ids of items that have a result after the last run. */
  results(
    cwd: string,
    load: ComparedLoad,
    scores: ReadonlyMap<string, number>,
  ): Promise<ReadonlyMap<string, number>>;
}

const script =
  (file: string): Peer['prepare'] =>
  async (load, services, cwd) => {
    const items = join(cwd, 'items.json');
    await writeFile(items, JSON.stringify(load));
    const { concurrency } = load;
    const PEER_LOAD = JSON.stringify({ items, concurrency, name: 'compared', ...services });
    return { args: [join(folder, file)], cwd, environment: { PEER_LOAD } };
  };

/** A bare pool of fetches that keeps nothing: the floor, no peer. */
export const fetchPool: Peer = {
  name: 'fetchPool',
  prepare: script('fetch-pool.mjs'),
  again: (command) => command,
  results: (_cwd, { items }) => Promise.resolve(new Map(items.map(({ id }) => [id, 1]))),
};

/** `runExperiment` of @langfuse/client, as its documentation shows it. */
export const langfuse: Peer = {
  name: 'langfuse',
  prepare: script('langfuse-experiment.mjs'),
  // It knows nothing of the run before.
  again: (command) => command,
  results: (_cwd, _load, scores) => Promise.resolve(new Map(scores)),
};

const output = 'output.json';

/** `promptfoo eval`, without its cache; a crashed one is gone on with by `--resume`. */
export const promptfoo: Peer = {
  name: 'promptfoo',
  async prepare(load, { modelUrl, apiKey }, cwd) {
    const config = {
      description: 'compared',
      prompts: [load.prompt],
      providers: [
        {
          id: 'openai:chat:demo-small',
          config: {
            apiBaseUrl: modelUrl,
            apiKey,
            temperature: 0,
            response_format: load.responseFormat,
          },
        },
      ],
      tests: load.items.map(({ id, text, category }) => ({
        vars: { text, category, id },
        options: { headers: { 'x-assay-call': id } },
        assert: [{ type: 'javascript', value: 'output.category === context.vars.category' }],
      })),
    };
    await writeFile(join(cwd, 'promptfooconfig.json'), JSON.stringify(config));
    await mkdir(join(cwd, 'state'), { recursive: true });
    return {
      args: [
        join(folder, 'node_modules/promptfoo/dist/src/main.js'),
        'eval',
        ...['-c', 'promptfooconfig.json', '-j', String(load.concurrency), '-o', output],
        ...['--no-cache', '--no-table', '--no-progress-bar'],
      ],
      cwd,
      environment: {
        PROMPTFOO_CONFIG_DIR: join(cwd, 'state'),
        PROMPTFOO_DISABLE_TELEMETRY: '1',
        PROMPTFOO_DISABLE_UPDATE: '1',
        PROMPTFOO_DISABLE_REMOTE_GENERATION: '1',
      },
    };
  },
  again: (command) => ({ ...command, args: [...command.args, '--resume'] }),
  async results(cwd) {
    const { results } = JSON.parse(await readFile(join(cwd, output), 'utf8')) as {
      readonly results: {
        readonly results: readonly { readonly vars: { readonly id: string } }[];
      };
    };
    const counts = new Map<string, number>();
    for (const { vars } of results.results) counts.set(vars.id, (counts.get(vars.id) ?? 0) + 1);
    return counts;
  },
};

export const peers: readonly Peer[] = [langfuse, promptfoo];

/** Installs the peers where they are not there yet; several minutes the first time. */
export async function ensurePeers(log: (line: string) => void): Promise<void> {
  if (existsSync(join(folder, 'node_modules/promptfoo/package.json'))) return;
  log('installing promptfoo and the Langfuse SDK into bench/peers (about 4 minutes, once)');
  const child = spawn('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolveExit, reject) => {
    child.once('error', reject);
    child.once('close', resolveExit);
  });
  if (code !== 0) throw new Error(`npm ci in bench/peers ended with ${String(code)}`);
}
