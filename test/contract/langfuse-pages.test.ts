import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { project, sendSpans, spanId, TestServer, traceId } from './langfuse-support.js';

const hostile = `<script>alert(1)</script>"'&`;
const escaped = '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;';

describe('pages of prompts and datasets of the dev server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(() => server.stop());

  const open = (path: string) =>
    server.call(`/project/${project.projectId}/${path}`, { auth: null });
  const prompt = (body: object) => server.post('/api/public/v2/prompts', body);
  const dataset = async (name: string, description?: string): Promise<string> =>
    String((await server.post('/api/public/v2/datasets', { name, description })).body['id']);
  const item = (datasetName: string, body: object) =>
    server.post('/api/public/dataset-items', { datasetName, ...body });

  it('shows a prompt with its versions, labels, text, messages and config', async () => {
    const name = 'support/triage';
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { type: 'placeholder', name: 'history' },
    ];
    await prompt({ name, type: 'chat', prompt: messages, labels: ['production'], tags: ['team'] });
    await prompt({
      name,
      type: 'chat',
      prompt: [{ role: 'user', content: 'Sort {{ticket}}.' }],
      config: { temperature: 0.25 },
      commitMessage: 'Ask in one line',
    });
    const { status, text } = await open(`prompts/${encodeURIComponent(name)}`);
    expect(status).toBe(200);
    expect(text).toMatch(/Version 2 .*latest[\s\S]*Version 1 .*production/);
    for (const shown of ['Sort {{ticket}}.', 'Be brief.', 'history', 'Ask in one line', 'team']) {
      expect(text).toContain(shown);
    }
    expect(text).toContain('&quot;temperature&quot;: 0.25');
    const list = await open('prompts');
    expect(list.text).toContain(`/prompts/${encodeURIComponent(name)}"`);
    expect(list.text).toContain('production: 1');
    expect(list.text).toContain('latest: 2');
    expect((await open('prompts/nobody')).status).toBe(404);
  });

  it('shows a dataset with its items by their own names before there is any run', async () => {
    const id = await dataset('fresh', 'what customers ask');
    await item('fresh', {
      id: '80ba480c',
      input: { text: 'where is my parcel' },
      expectedOutput: { class: 'shipping' },
      metadata: { 'assay.item_id': 't1', 'assay.description': 'a lost parcel' },
    });
    await item('fresh', { id: 'old', input: 'gone', status: 'ARCHIVED' });
    const { status, text } = await open(`datasets/${id}`);
    expect(status).toBe(200);
    expect(text).toContain('what customers ask');
    expect(text).toMatch(/title="80ba480c">t1[\s\S]*a lost parcel[\s\S]*ARCHIVED/);
    expect(text).toContain('where is my parcel');
    expect(text).toContain('&quot;class&quot;: &quot;shipping&quot;');
    expect((await open(`datasets/${id}/items`)).text).toBe(text);
    const list = (await open('datasets')).text;
    expect(list).toContain(`/datasets/${id}"`);
    expect(list).toMatch(/fresh<\/a><\/td><td>what customers ask<\/td><td>1<\/td>/);
  });

  it('shows the items of a long dataset page by page, each of them once', async () => {
    const id = await dataset('long');
    for (let n = 0; n < 51; n += 1) await item('long', { id: `long-${n}`, input: `text ${n}.` });
    const ids = async (query: string): Promise<readonly string[]> =>
      [...(await open(`datasets/${id}${query}`)).text.matchAll(/title="(long-\d+)"/g)].map(
        ([, itemId = '']) => itemId,
      );
    const [first, second] = [await ids(''), await ids('?page=2')];
    expect([first.length, second.length]).toEqual([50, 1]);
    expect(new Set([...first, ...second]).size).toBe(51);
    expect((await open(`datasets/${id}`)).text).toContain('href="?page=2"');
    // A page that there is not is the nearest one, never an error.
    expect(await ids('?page=999999999')).toEqual(second);
    for (const odd of ['0', '-1', '1e9', "1'--"]) {
      expect(await ids(`?page=${encodeURIComponent(odd)}`)).toEqual(first);
    }
  });

  it('escapes every text from outside', async () => {
    await prompt({
      name: hostile,
      prompt: hostile,
      labels: ['x'],
      tags: [hostile],
      commitMessage: hostile,
      config: { [hostile]: 1 },
    });
    const chat = [
      { role: hostile, content: hostile },
      { type: 'placeholder', name: hostile },
    ];
    await prompt({ name: 'hostile-chat', type: 'chat', prompt: chat });
    const id = await dataset(hostile, hostile);
    await item(hostile, {
      id: hostile,
      input: hostile,
      expectedOutput: { a: hostile },
      metadata: { 'assay.item_id': hostile, 'assay.description': hostile },
    });
    const pages = [
      'prompts',
      `prompts/${encodeURIComponent(hostile)}`,
      'prompts/hostile-chat',
      'datasets',
      `datasets/${id}`,
    ];
    for (const path of pages) {
      const { status, text, headers } = await open(path);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toContain('<script>');
      expect(text).toContain(escaped.slice(0, 40));
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    }
  });

  it('leads from each page to the lists, and from a run to the dataset', async () => {
    const id = await dataset('linked');
    const [trace, root, run] = [traceId(), spanId(), `run-${spanId()}`];
    await sendSpans(server, {
      traceId: trace,
      spanId: root,
      name: 'root',
      attributes: {
        'langfuse.experiment.id': run,
        'langfuse.experiment.name': 'nightly',
        'langfuse.experiment.dataset.id': id,
        'langfuse.experiment.item.id': 'i',
        'langfuse.experiment.item.root_observation_id': root,
      },
    });
    const runPath = `datasets/${id}/runs/${run}`;
    for (const path of ['traces', `traces/${trace}`, 'datasets', `datasets/${id}`, runPath]) {
      const { text } = await open(path);
      for (const list of ['traces', 'datasets', 'prompts']) {
        expect([path, text]).toEqual([
          path,
          expect.stringContaining(`href="/project/${project.projectId}/${list}"`),
        ]);
      }
    }
    expect((await open(runPath)).text).toContain(`/datasets/${id}"`);
    expect((await open(`datasets/${id}`)).text).toContain(`/${runPath}"`);
    expect((await server.call('/', { auth: null })).text).toContain('/prompts"');
  });

  it('shows no page of another project', async () => {
    for (const path of ['prompts', 'datasets']) {
      expect((await server.call(`/project/other/${path}`, { auth: null })).status).toBe(404);
    }
  });
});
