import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { apiKey, eventually } from './model-support.js';

const root = process.cwd();
const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const start = (options: unknown): ChildProcess => {
  const args = ['--import', './test/support/register-ts.mjs', 'src/devstack/model/main.ts'];
  const env = { PATH: process.env['PATH'], ASSAY_CHILD_OPTIONS: JSON.stringify(options) };
  const child = spawn(process.execPath, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
};

const ready = async (child: ChildProcess): Promise<string> => {
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { ready: boolean; url: string };
    expect(said.ready).toBe(true);
    return said.url;
  }
  throw new Error('it ended without a word');
};

const headers = { authorization: `Bearer ${apiKey}` };

const post = (url: string, call: string, latency: number): Promise<Response> =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { ...headers, 'x-assay-call': call, 'x-demo-latency': String(latency) },
    body: JSON.stringify({ model: 'demo-small', messages: [{ role: 'user', content: 'hello' }] }),
  });

const summaryOf = async (url: string): Promise<Record<string, unknown>> => {
  const response = await fetch(url.replace('/v1', '/admin/calls/summary'), { headers });
  return (await response.json()) as Record<string, unknown>;
};

describe('the demo model as a process', () => {
  it('says where it listens in one line of JSON, and ends on SIGTERM', async () => {
    const child = start({ apiKey });
    const url = await ready(child);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('keeps its log across kill -9: what had been received is still known as paid', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-model-'));
    folders.push(folder);
    const logFile = join(folder, 'calls.ndjson');
    const first = start({ apiKey, logFile });
    const url = await ready(first);
    await post(url, 'answered', 0);
    const cut = post(url, 'cut', 60_000).catch(() => 'cut');
    await eventually(
      () => summaryOf(url),
      (found) => found['inFlight'] === 1,
    );
    first.kill('SIGKILL');
    expect(await cut).toBe('cut');

    const next = await ready(start({ apiKey, logFile }));
    await post(next, 'cut', 0);
    const summary = await eventually(
      () => summaryOf(next),
      (found) => found['inFlight'] === 0,
    );
    expect(summary).toMatchObject({ total: 3, paid: 3, aborted: 1, repeatedCalls: 1 });
    expect(summary['repeated']).toEqual([{ call: 'cut', count: 2 }]);
  });

  it('ends by itself when its parent is gone', async () => {
    const parent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
    });
    children.push(parent);
    const child = start({ apiKey, parentPid: parent.pid });
    await ready(child);
    const ended = once(child, 'exit');
    parent.kill('SIGKILL');
    expect(await ended).toEqual([0, null]);
  });

  it('lists all that is wrong with its options and never the key', async () => {
    const child = start({ apiKey: 'short', port: -1, latencyMs: 'fast' });
    let said = '';
    child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    for (const part of ['apiKey', 'port', 'latencyMs']) expect(said).toContain(part);
    expect(said).not.toContain('short');
  });
});
