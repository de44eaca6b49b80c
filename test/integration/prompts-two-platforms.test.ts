import { createServer, type AddressInfo } from 'node:net';

import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { runCli } from '../../src/cli/run-cli.js';
import type { PromptProgress } from '../../src/client/prompts.js';
import { promptQueueWorkflowId } from '../../src/core/experiment/naming.js';
import { promptContentHash } from '../../src/core/prompts/content.js';
import { startHarness, type Harness } from '../support/harness.js';
import { startLangsmith, type LangsmithServer } from '../support/langsmith/server.js';
import { configFile } from '../support/project-files.js';
import { until } from '../support/until.js';
import { recorded } from '../unit/cli/streams.js';

const project = 'two-platforms';
let harness: Harness;
let port: number;
let langsmith: LangsmithServer | undefined;
const apiKey = 'lsv2_pt_two_platforms';

beforeAll(async () => {
  harness = await startHarness({
    project,
    files: {
      'assay.config.ts': configFile({ project }),
      'targets/one/prompt.txt': 'One: {{text}}\n',
      'targets/two/prompt.txt': 'Two: {{text}}\n',
      'targets/three/prompt.txt': 'Three: {{text}}\n',
    },
  });
  port = await freePort();
});
afterAll(async () => {
  await langsmith?.close();
  await harness.stop();
});

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}

async function cli(...args: readonly string[]) {
  const out = recorded();
  const err = recorded();
  const { environment, folder: cwd } = harness;
  const streams = { stdout: out.stream, stderr: err.stream, environment, cwd };
  const code = await runCli(streams, ['--project', project, 'prompts', ...args]);
  return { code, out: out.text(), err: err.text() };
}

const request = (name: string, text: string) => {
  const content = { body: { kind: 'text' as const, text }, config: {} };
  const contentHash = promptContentHash(content);
  return { project, name, content, contentHash, actor: 'ann', backend: 'both' as const };
};
const move = {
  kind: 'promote',
  project,
  name: 'split',
  label: 'production',
  to: { version: '1' },
  actor: 'ann',
  backend: 'langfuse',
} as const;

async function statusOf(workflowId: string): Promise<unknown> {
  const { address, namespace } = harness.temporal;
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection, namespace });
    const { typedSearchAttributes } = await client.workflow.getHandle(workflowId).describe();
    const status = defineSearchAttributeKey('AssayStatus', SearchAttributeType.KEYWORD);
    return typedSearchAttributes.get(status);
  } finally {
    await connection.close();
  }
}

describe('a command on prompts of two platforms', () => {
  it('says once, at once and before anything is sent which keys the worker lacks', async () => {
    const workers = await harness.startWorkers();
    for (const backend of ['both', 'langsmith']) {
      const pushed = await cli('push', '--backend', backend);
      expect(pushed.code).toBe(5);
      expect(pushed.err.match(/no keys for LangSmith/g)).toHaveLength(1);
    }
    expect((await cli('promote', 'one', '--backend', 'both')).code).toBe(5);
    expect((await cli('list')).err).toContain('No prompts there');
    await workers.stop();
  });

  it('is done on the one that answers while the other is away, and so are those behind it', async () => {
    await harness.startWorkers({
      variables: { LANGSMITH_API_KEY: apiKey, LANGSMITH_ENDPOINT: `http://127.0.0.1:${port}` },
    });
    const seen: PromptProgress[] = [];
    const ended = (platform: string) =>
      seen.filter((each) => each.platform === platform && each.state === 'ended').length;
    const onProgress = (progress: PromptProgress): void => void seen.push(progress);
    const { prompts } = harness.client;
    const first = prompts.push(request('split', 'a'), { onProgress });
    await until(() => ended('langfuse') === 1);
    const second = prompts.push(request('split', 'b'), { onProgress });
    await until(() => ended('langfuse') === 2);
    expect(await prompts.move(move)).toMatchObject({
      platforms: [{ outcome: 'moved', label: 'production', to: '1' }],
    });
    expect(ended('langsmith')).toBe(0);
    await until(() => seen.some(({ state }) => state === 'waiting'));
    expect(seen.find(({ state }) => state === 'waiting')).toMatchObject({
      platform: 'langsmith',
      reason: expect.stringContaining('ECONNREFUSED') as unknown,
    });
    // Whoever waits may leave: what was taken on goes on.
    const leaving = new AbortController();
    const left = prompts.push(request('split', 'c'), { onProgress, signal: leaving.signal });
    await until(() => ended('langfuse') === 3);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');

    langsmith = await startLangsmith({ port, apiKey });
    await Promise.all([first, second]);
    // In the order in which they were asked for.
    const there = async () => JSON.stringify(await contentsThere());
    await until(async () => (await there()) === JSON.stringify(['c', 'b', 'a']));
  });

  it('shows a refusal as failed in the list of workflows', async () => {
    await harness.platform.admin('POST', '/api/public/v2/prompts', {
      name: 'refused',
      type: 'chat',
      prompt: [{ role: 'user', content: 'x' }],
    });
    const { platforms } = await harness.client.prompts.push({
      ...request('refused', 'a'),
      backend: 'langfuse',
    });
    expect(platforms).toMatchObject([{ outcome: 'failed' }]);
    const of = (name: string) => statusOf(promptQueueWorkflowId(project, 'langfuse', name));
    await until(async () => JSON.stringify(await of('refused')) === '"failed"');
    await until(async () => JSON.stringify(await of('split')) === '"completed"');
  });
});

async function contentsThere(): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/commits/-/split?limit=20`, {
    headers: { 'x-api-key': apiKey },
  });
  const { commits } = (await answer.json()) as { commits: { manifest: unknown }[] };
  return commits.map(({ manifest }) => {
    const found = /"template":"([abc])"/.exec(JSON.stringify(manifest));
    return found?.[1] ?? JSON.stringify(manifest);
  });
}
