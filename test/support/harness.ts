import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { AssayClient } from '../../src/client/assay-client.js';
import type { ExperimentView } from '../../src/client/experiment-view.js';
import { parseConnections } from '../../src/contracts/environment.js';
import type { ExperimentSpecInput } from '../../src/contracts/experiment-spec.js';
import {
  startLangfuseServer,
  type LangfuseServerOptions,
} from '../../src/devstack/langfuse/server.js';
import { startModelServer } from '../../src/devstack/model/server.js';
import { superviseWorkers, type SupervisedWorkers } from '../../src/workers/supervisor.js';
import { createTestDatabase } from './database.js';
import { testTemporal } from './temporal.js';

/** A whole installation for one test file: real Postgres, Temporal, platform, model and worker processes. */
export interface Harness {
  readonly folder: string;
  readonly project: string;
  readonly client: AssayClient;
  readonly databaseUrl: string;
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly model: {
    readonly url: string;
    admin(method: string, path: string, body?: unknown): Promise<unknown>;
    /** Ends the model's server; nobody listens at its address until it comes back. */
    leave(): Promise<void>;
    comeBack(): Promise<void>;
  };
  readonly platform: PlatformProbe;
  /** Lines that workers logged. */
  readonly log: readonly string[];
  startWorkers(options?: {
    count?: number;
    blockedAfterMs?: number;
    folder?: string;
    /** Over what all workers get. */
    variables?: Readonly<Record<string, string>>;
  }): Promise<SupervisedWorkers>;
  run(
    spec: Partial<ExperimentSpecInput> & { name: string; target: string },
  ): Promise<ExperimentView>;
  /** Every call that the model received, by its `x-assay-call`. */
  paidCalls(): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

/** The platform as anybody sees it: through its public API. */
export interface PlatformProbe {
  readonly url: string;
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Rows of v2/observations per trace and span; more than one is a duplicate. */
  spanRows(runUid: string): Promise<Map<string, number>>;
  scoreIds(traceIds: readonly string[]): Promise<readonly string[]>;
  observations(runUid: string, fields: string): Promise<readonly Record<string, unknown>[]>;
}

export interface HarnessOptions {
  /** Files of the project's folder by their path; assay.config.ts among them. */
  readonly files: Readonly<Record<string, string>>;
  readonly project: string;
  readonly latencyMs?: number;
  /** Where the worker believes the platform to be; default the dev server itself. */
  readonly platformUrl?: (url: string) => Promise<string> | string;
  /** Of the dev server; default a v4 server. */
  readonly langfuse?: Pick<LangfuseServerOptions, 'mode' | 'version'>;
}

const publicKey = 'pk-lf-test';
const secretKey = 'sk-lf-test-secret';
const modelKey = 'sk-model-test';

export async function startHarness(options: HarnessOptions): Promise<Harness> {
  const database = await createTestDatabase();
  const temporal = await testTemporal();
  const langfuse = await startLangfuseServer({
    databaseUrl: database.url,
    publicKey,
    secretKey,
    projectId: 'project-test',
    projectName: 'test',
    ...options.langfuse,
  });
  const modelOptions = { apiKey: modelKey, latencyMs: options.latencyMs ?? 0 };
  let model = await startModelServer(modelOptions);
  const folder = await mkdtemp(join(tmpdir(), 'assay-harness-'));
  for (const [path, text] of Object.entries(options.files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const platformUrl = (await options.platformUrl?.(langfuse.url)) ?? langfuse.url;
  const environment: Record<string, string> = {
    ...(process.env as Record<string, string>),
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    LANGFUSE_HOST: platformUrl,
    LANGFUSE_BASE_URL: platformUrl,
    LANGFUSE_PUBLIC_KEY: publicKey,
    LANGFUSE_SECRET_KEY: secretKey,
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: modelKey,
  };
  const client = await AssayClient.connect({ connections: parseConnections(environment) });
  const started: SupervisedWorkers[] = [];
  const log: string[] = [];
  const { project } = options;

  return {
    folder,
    project,
    client,
    databaseUrl: database.url,
    temporal,
    environment,
    log,
    model: {
      url: model.url,
      leave: () => model.close(),
      async comeBack() {
        model = await startModelServer({ ...modelOptions, port: model.port });
      },
      admin: (method, path, body) =>
        call({
          url: new URL(path, model.url).href,
          method,
          body,
          authorization: `Bearer ${modelKey}`,
        }),
    },
    platform: platformProbe(langfuse.url),
    async startWorkers({ count = 1, blockedAfterMs, folder: other = folder, variables } = {}) {
      const workers = superviseWorkers({
        folder: other,
        count,
        environment: { ...environment, ...variables },
        // The build's own entry: a worker is a real process, which runs what users run.
        entry: resolve('dist/workers/main.js'),
        onLog: (line) => log.push(line),
        ...(blockedAfterMs === undefined ? {} : { blockedAfterMs }),
      });
      started.push(workers);
      await workers.ready;
      return workers;
    },
    async run(spec) {
      await client.experiments.start({ project, dataset: { name: 'items' }, ...spec });
      return client.experiments.wait({ project, name: spec.name }, { timeoutMs: 120_000 });
    },
    async paidCalls() {
      const calls = new Map<string, number>();
      for (let after = 0; ;) {
        const page = (await call({
          url: new URL(`/admin/calls?after=${after}&limit=1000`, model.url).href,
          method: 'GET',
          authorization: `Bearer ${modelKey}`,
        })) as CallPage;
        for (const { call: callId, paid } of page.calls) {
          if (callId !== null && paid) calls.set(callId, (calls.get(callId) ?? 0) + 1);
        }
        if (page.next === null) return calls;
        after = page.next;
      }
    },
    async stop() {
      await Promise.all(started.map((workers) => workers.stop()));
      await client.close();
      await model.close();
      await langfuse.close();
      await rm(folder, { recursive: true, force: true });
      await database.drop();
    },
  };
}

interface CallPage {
  readonly calls: readonly { readonly call: string | null; readonly paid: boolean }[];
  readonly next: number | null;
}

async function call(request: {
  url: string;
  method: string;
  body?: unknown;
  authorization: string;
}): Promise<unknown> {
  const response = await fetch(request.url, {
    method: request.method,
    headers: { authorization: request.authorization, 'content-type': 'application/json' },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${request.method} ${request.url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

interface Page {
  readonly data: readonly Record<string, unknown>[];
  readonly meta: { readonly cursor?: string };
}

function platformProbe(url: string): PlatformProbe {
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
  const get = async (path: string, query: Record<string, string>): Promise<Page> =>
    (await call({
      url: `${new URL(path, url).href}?${new URLSearchParams(query).toString()}`,
      method: 'GET',
      authorization,
    })) as Page;
  const all = async (
    path: string,
    query: Record<string, string>,
  ): Promise<Record<string, unknown>[]> => {
    const rows: Record<string, unknown>[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await get(path, { ...query, ...(cursor === undefined ? {} : { cursor }) });
      rows.push(...page.data);
      cursor = page.meta.cursor;
      if (cursor === undefined) return rows;
    }
  };
  const ofRun = (runUid: string): Record<string, string> => ({
    limit: '1000',
    filter: JSON.stringify([
      {
        type: 'stringObject',
        column: 'metadata',
        key: 'assay.run_uid',
        operator: '=',
        value: runUid,
      },
    ]),
  });
  return {
    url,
    admin: (method, path, body) =>
      call({ url: new URL(path, url).href, method, body, authorization }),
    async spanRows(runUid) {
      const rows = new Map<string, number>();
      for (const row of await all('/api/public/v2/observations', ofRun(runUid))) {
        const key = `${String(row['traceId'])}/${String(row['id'])}`;
        rows.set(key, (rows.get(key) ?? 0) + 1);
      }
      return rows;
    },
    async scoreIds(traceIds) {
      const ids: string[] = [];
      for (let at = 0; at < traceIds.length; at += 50) {
        const traceId = traceIds.slice(at, at + 50).join(',');
        const rows = await all('/api/public/v3/scores', { limit: '100', traceId });
        ids.push(...rows.map((row) => String(row['id'])));
      }
      return ids;
    },
    observations: (runUid, fields) =>
      all('/api/public/v2/observations', { ...ofRun(runUid), fields }),
  };
}
