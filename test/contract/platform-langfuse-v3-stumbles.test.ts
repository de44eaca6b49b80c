import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { Platform } from '../../src/platforms/port.js';
import { TestServer } from './langfuse-support.js';
import { idsOf, platformFor, requestsTo, soon } from './platform-langfuse-support.js';
import { linkPath, linksMade, planRun, spansOf } from './platform-langfuse-v3-support.js';

let server: TestServer;
let platform: Platform;

beforeAll(async () => {
  server = await TestServer.start({ mode: 'legacy', version: '3.140.0' });
  platform = platformFor(server.url);
});
afterEach(async () => {
  await server.call('/dev/faults', { method: 'DELETE' });
});
afterAll(async () => {
  await platform.close();
  await server.stop();
});

const strike = (rule: object) => server.post('/dev/faults', rule);

/** A run on a v3 server is a request per cell: one that stumbles must not cost the try of all the others. */
describe('an export of many cells on a v3 server that stumbles', () => {
  it('links all cells but the one whose link failed', async () => {
    const planned = await planRun(platform, 40);
    const batch = spansOf(planned.encode());
    const before = await linksMade(server);
    await strike({ kind: 'server_error', next: 1, method: 'POST', pathPrefix: linkPath });
    expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'ambiguous' });
    expect((await linksMade(server)) - before).toBe(39);
    expect(await platform.send({ ...batch, again: true }, soon())).toMatchObject({
      outcome: 'accepted',
    });
    expect((await linksMade(server)) - before).toBe(40);
  });

  it('is found although one of the looks at its traces fails', async () => {
    const planned = await planRun(platform, 12);
    const batch = spansOf(planned.encode());
    await platform.send(batch, soon());
    for (const pathPrefix of ['/api/public/observations', linkPath]) {
      await strike({ kind: 'server_error', next: 1, method: 'GET', pathPrefix });
    }
    expect(await platform.findExport(batch, soon())).toEqual(idsOf(batch));
  });

  it('asks a server that is away for a few links, not for all of them', async () => {
    const planned = await planRun(platform, 60);
    await strike({ kind: 'down', seconds: 60, method: 'POST', pathPrefix: linkPath });
    const outcome = await platform.send(spansOf(planned.encode()), soon());
    expect(outcome).toMatchObject({ outcome: 'ambiguous' });
    const asked = await requestsTo(server, 'POST', linkPath);
    expect(asked.filter(({ status }) => status === 0).length).toBeLessThan(30);
  });
});
