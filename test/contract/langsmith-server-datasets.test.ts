import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'langsmith';

import type { LangsmithServer } from '../support/langsmith/server.js';
import { startLangsmith, testKey } from '../support/langsmith/server.js';
import { all, ask, clientOf } from './langsmith-server-support.js';

const otherKey = `${testKey}-other`;
const revokedKey = `${testKey}-revoked`;

describe('datasets of the LangSmith test server, by the official client', () => {
  let server: LangsmithServer;
  let client: Client;

  beforeAll(async () => {
    server = await startLangsmith({ otherKey, revokedKeys: [revokedKey] });
    client = clientOf(server);
  });

  afterAll(() => server.close());

  it('tells its version and limits to anyone', async () => {
    const { status, body } = await ask(server, 'GET /info', { key: null });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      version: '0.13.40',
      batch_ingest_config: { use_multipart_endpoint: true, size_limit: 100 },
    });
  });

  it('takes no request without a key, with a foreign one or one that was revoked', async () => {
    const status = async (key: string | null) =>
      (await ask(server, 'GET /datasets', { key })).status;
    expect(
      await Promise.all([null, 'sk-other', 'lsv2_pt_unknown', revokedKey].map(status)),
    ).toEqual([401, 401, 403, 403]);
    await expect(
      clientOf(server, { apiKey: revokedKey }).readDataset({ datasetName: 'any' }),
    ).rejects.toThrow('403');
    const tenant = { 'x-tenant-id': server.inspectOther.workspaceId };
    expect((await ask(server, 'GET /datasets', { headers: tenant })).status).toBe(403);
  });

  it('words a refusal as each half of the real service does', async () => {
    const unknown = { key: 'lsv2_pt_unknown' };
    expect((await ask(server, 'GET /datasets', unknown)).body).toEqual({ detail: 'Forbidden' });
    expect((await ask(server, 'POST /runs/batch', { ...unknown, body: {} })).body).toEqual({
      error: 'Forbidden',
    });
  });

  it('keeps a workspace from the key of another', async () => {
    await client.createDataset('private');
    const other = clientOf(server, { apiKey: otherKey });
    expect(await other.hasDataset({ datasetName: 'private' })).toBe(false);
    await other.createDataset('private');
    expect(server.inspectOther.datasets).toHaveLength(1);
  });

  it('creates, finds, changes and deletes a dataset', async () => {
    const made = await client.createDataset('capitals', {
      description: 'of Europe',
      metadata: { team: 'geo' },
      inputsSchema: { type: 'object', required: ['country'] },
    });
    expect(await client.readDataset({ datasetName: 'capitals' })).toMatchObject({
      id: made.id,
      data_type: 'kv',
      example_count: 0,
      inputs_schema_definition: { required: ['country'] },
    });
    expect(await all(client.listDatasets({ metadata: { team: 'geo' } }))).toHaveLength(1);
    expect(await all(client.listDatasets({ datasetNameContains: 'CAPIT' }))).toHaveLength(1);
    expect(await all(client.listDatasets({ datasetIds: [randomUUID()] }))).toEqual([]);
    await client.updateDataset({ datasetId: made.id, name: 'capital cities' });
    expect(await client.hasDataset({ datasetName: 'capitals' })).toBe(false);
    await client.deleteDataset({ datasetName: 'capital cities' });
    await expect(client.readDataset({ datasetId: made.id })).rejects.toThrow('404');
  });

  it('answers a repeated name with 409 and keeps one row', async () => {
    await client.createDataset('once');
    await expect(client.createDataset('once')).rejects.toMatchObject({ status: 409 });
    expect(server.inspect.datasets.filter(({ name }) => name === 'once')).toHaveLength(1);
  });

  it('pages through more datasets than one page holds', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `paged ${index}`);
    for (const name of names) await client.createDataset(name);
    const found = await all(client.listDatasets({ datasetNameContains: 'paged', limit: 3 }));
    expect(found.map(({ name }) => name).sort()).toEqual(names);
    expect((await ask(server, 'GET /datasets?limit=101')).status).toBe(422);
  });

  it('takes many examples in one request as one version, and pages them out again', async () => {
    const { id } = await client.createDataset('many');
    server.requests.clear();
    await client.createExamples(
      Array.from({ length: 120 }, (_, index) => ({
        dataset_id: id,
        inputs: { index },
        reference_outputs: { square: index * index },
        split: index % 2 === 0 ? 'even' : ['odd', 'test'],
      })),
    );
    expect(server.requests.counts()['POST /platform/datasets/{dataset}/examples 201']).toBe(1);
    expect(server.inspect.versions('many')).toBe(1);
    const found = await all(client.listExamples({ datasetId: id }));
    expect(new Set(found.map((example) => example.inputs['index'] as number))).toHaveProperty(
      'size',
      120,
    );
    expect(await all(client.listExamples({ datasetId: id, splits: ['test'] }))).toHaveLength(60);
    expect(await all(client.listExamples({ datasetId: id, limit: 5, offset: 118 }))).toHaveLength(
      2,
    );
    expect(await client.listDatasetSplits({ datasetId: id })).toEqual(['even', 'odd', 'test']);
  });

  it('refuses a batch that holds a known example, whole', async () => {
    const { id } = await client.createDataset('whole');
    const known = randomUUID();
    const example = (exampleId: string) => ({ id: exampleId, dataset_id: id, inputs: { a: 1 } });
    await client.createExamples([example(known)]);
    await expect(
      client.createExamples([example(randomUUID()), example(known)]),
    ).rejects.toMatchObject({ status: 409 });
    expect(server.inspect.examples('whole')).toHaveLength(1);
  });

  it('shows a dataset as it was: by time, by tag and as a difference', async () => {
    const { id } = await client.createDataset('history');
    const first = await client.createExample({ dataset_id: id, inputs: { v: 1 } });
    const before = first.modified_at ?? '';
    const second = await client.createExample({ dataset_id: id, inputs: { v: 2 } });
    await client.updateExample({ id: first.id, inputs: { v: 10 }, metadata: { by: 'me' } });
    const tagged = (await client.readExample(first.id)).modified_at ?? '';
    await client.updateDatasetTag({ datasetId: id, asOf: tagged, tag: 'release' });
    await client.deleteExample(second.id);

    const inputs = async (asOf?: string) =>
      (await all(client.listExamples({ datasetId: id, ...(asOf === undefined ? {} : { asOf }) })))
        .map((example) => example.inputs['v'] as number)
        .sort((a, b) => a - b);
    expect(await inputs()).toEqual([10]);
    expect(await inputs(before)).toEqual([1]);
    expect(await inputs('release')).toEqual([2, 10]);
    expect(await client.readDatasetVersion({ datasetId: id, tag: 'release' })).toEqual({
      as_of: tagged,
      tags: ['release'],
    });
    expect(
      await client.diffDatasetVersions({ datasetId: id, fromVersion: before, toVersion: 'latest' }),
    ).toEqual({ examples_added: [], examples_removed: [], examples_modified: [first.id] });
    const { body } = await ask(server, `GET /api/v1/datasets/${id}/versions`);
    expect(body).toHaveLength(4);
    expect(body).toMatchObject([
      { tags: ['latest'] },
      { tags: ['release'] },
      {},
      { as_of: before },
    ]);
  });

  it('keeps what an update does not name: inputs, outputs and the splits', async () => {
    const { id } = await client.createDataset('update');
    const [made] = await client.createExamples([
      {
        dataset_id: id,
        inputs: { q: 1 },
        reference_outputs: { a: 2 },
        metadata: { k: 'v' },
        split: 'dev',
      },
    ]);
    await client.updateExamples([{ id: made?.id ?? '', dataset_id: id, metadata: { k: 'w' } }]);
    expect(await client.readExample(made?.id ?? '')).toMatchObject({
      inputs: { q: 1 },
      outputs: { a: 2 },
      metadata: { k: 'w', dataset_split: ['dev'] },
    });
  });

  it('moves examples in and out of splits', async () => {
    const { id } = await client.createDataset('regrouped');
    const examples = await client.createExamples([
      { dataset_id: id, inputs: { n: 1 } },
      { dataset_id: id, inputs: { n: 2 } },
    ]);
    const ids = examples.map((example) => example.id);
    expect(await client.listDatasetSplits({ datasetId: id })).toEqual(['base']);
    await client.updateDatasetSplits({ datasetId: id, splitName: 'gold', exampleIds: ids });
    await client.updateDatasetSplits({
      datasetId: id,
      splitName: 'base',
      exampleIds: ids.slice(0, 1),
      remove: true,
    });
    const gold = await all(client.listExamples({ datasetId: id, splits: ['gold'] }));
    const base = await all(client.listExamples({ datasetId: id, splits: ['base'] }));
    expect([gold.length, base.length]).toEqual([2, 1]);
    const put = await ask(server, `PUT /datasets/${id}/splits`, {
      body: { split_name: 'gold', examples: ids, remove: true },
    });
    expect(put.body).toEqual(['base']);
  });

  it('deletes softly from the newest version and for good from all', async () => {
    const { id } = await client.createDataset('deletions');
    const made = await client.createExamples([
      { dataset_id: id, inputs: { n: 1 } },
      { dataset_id: id, inputs: { n: 2 } },
    ]);
    const [soft, hard] = made.map((example) => example.id) as [string, string];
    const { as_of: asOf } = await client.readDatasetVersion({ datasetId: id, tag: 'latest' });
    await client.deleteExamples([soft]);
    expect(await all(client.listExamples({ datasetId: id }))).toHaveLength(1);
    expect(await all(client.listExamples({ datasetId: id, asOf }))).toHaveLength(2);
    await client.deleteExamples([hard], { hardDelete: true });
    expect(await all(client.listExamples({ datasetId: id, asOf }))).toHaveLength(1);
  });

  it('takes examples one by one and in JSON bulk, as older clients send them', async () => {
    const { id } = await client.createDataset('json');
    const one = await ask(server, 'POST /api/v1/examples', {
      body: { dataset_id: id, inputs: { n: 1 }, split: 'train' },
    });
    const bulk = await ask(server, 'POST /examples/bulk', {
      body: [
        { dataset_id: id, inputs: { n: 2 } },
        { dataset_id: id, inputs: { n: 3 } },
      ],
    });
    expect(one.body).toMatchObject({ metadata: { dataset_split: ['train'] } });
    expect(bulk.body).toHaveLength(2);
    expect(server.inspect.versions('json')).toBe(2);
    expect((await ask(server, `GET /examples/count?dataset=${id}`)).body).toBe(3);
  });

  it("refuses examples that break the dataset's schema, and keeps none of their batch", async () => {
    const { id } = await client.createDataset('strict', {
      inputsSchema: { type: 'object', required: ['q'] },
    });
    await expect(
      client.createExamples([
        { dataset_id: id, inputs: { q: 1 } },
        { dataset_id: id, inputs: { other: 1 } },
      ]),
    ).rejects.toThrow("must have required property 'q'");
    expect(server.inspect.examples('strict')).toEqual([]);
  });

  it('says plainly that it keeps no attachments', async () => {
    const { id } = await client.createDataset('attached');
    await expect(
      client.createExample({
        dataset_id: id,
        inputs: { a: 1 },
        attachments: { image: ['image/png', new Uint8Array([1])] },
      }),
    ).rejects.toThrow('Attachments are not kept by this test server');
  });
});
