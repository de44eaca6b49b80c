import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { basicAuth, keys, otlpPath, TestServer } from './langfuse-support.js';

describe('the HTTP edge of the dev server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(() => server.stop());

  const projects = '/api/public/projects';
  const datasets = '/api/public/v2/datasets';

  it('goes by the secret key alone', async () => {
    const wrongPublic = `Basic ${Buffer.from(`pk-nobody:${keys.secretKey}`).toString('base64')}`;
    const answers = await Promise.all(
      [basicAuth(), wrongPublic, basicAuth('sk-wrong'), 'Basic %%%', null].map((auth) =>
        server.call(projects, { auth }),
      ),
    );
    expect(answers.map(({ status, body }) => [status, body['message']])).toEqual([
      [200, undefined],
      [200, undefined],
      [401, "Invalid credentials. Confirm that you've configured the correct host."],
      [401, "Invalid character. Confirm that you've configured the correct host."],
      [401, 'No authorization header'],
    ]);
  });

  it('has the other shape of refusal on ingestion', async () => {
    const answer = await server.call('/api/public/ingestion', {
      method: 'POST',
      body: { batch: [] },
      auth: null,
    });
    expect(answer.body).toEqual({
      error: 'UnauthorizedError',
      message: 'No authorization header',
    });
  });

  it('needs the key for the admin API, too', async () => {
    const answers = await Promise.all(
      ['/dev/stats', '/dev/requests', '/dev/faults'].map((path) =>
        server.call(path, { auth: null }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  });

  it('checks credentials, then the method, then the write mode, then the parameters', async () => {
    const gone = '/api/public/traces?page=0';
    const answers = [
      await server.call(gone, { method: 'PUT', auth: null }),
      await server.call(gone, { method: 'PUT' }),
      await server.call(gone),
      await server.call(`${datasets}?page=0`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 405, 404, 400]);
    expect(answers[1]?.body).toEqual({
      message: 'Method not allowed',
      error: 'MethodNotAllowedError',
    });
    expect(answers[2]?.body['message']).toMatch(/events_only mode/);
  });

  it('answers an unknown route with an HTML 404, with or without credentials', async () => {
    for (const auth of [basicAuth(), null]) {
      const answer = await server.call('/api/public/nothing-here', { auth });
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    }
  });

  it('answers health to any method without a key, and says what it is not', async () => {
    const answer = await server.call('/api/public/health', { method: 'DELETE', auth: null });
    expect([answer.status, answer.body['version']]).toEqual([200, '4.16.0']);
    expect(answer.headers.get('x-dev-server')).toMatch(/never production/);
    const home = await server.call('/', { auth: null });
    expect(home.text).toMatch(/never for production/);
  });

  it('refuses bodies over 4.5 MB in plain text without a content type, on every route', async () => {
    const raw = JSON.stringify({ name: 'x'.repeat(5_000_000) });
    const headers = { 'content-type': 'application/json' };
    for (const path of [datasets, '/api/public/ingestion', otlpPath]) {
      const answer = await server.call(path, { method: 'POST', raw, headers });
      expect([answer.status, answer.text]).toEqual([413, 'Body exceeded 4.5mb limit']);
      expect(answer.headers.get('content-type')).toBeNull();
    }
  });

  it('parses JSON under a JSON content type alone, and counts an empty body as an object', async () => {
    const send = (raw: string, type: string) =>
      server.call(datasets, { method: 'POST', raw, headers: { 'content-type': type } });
    const broken = await send('{"name": "x"', 'application/json');
    expect([broken.status, broken.text]).toEqual([400, 'Invalid JSON']);
    const text = await send('{"name": "x"}', 'text/plain');
    expect(text.body['error']).toMatchObject([{ message: expect.stringMatching(/object/) }]);
    const empty = await send('', 'application/json');
    expect(empty.body['error']).toMatchObject([{ path: ['name'] }]);
  });

  it('answers a CORS preflight', async () => {
    const answer = await server.call('/api/public/scores', {
      method: 'OPTIONS',
      auth: null,
      headers: { origin: 'https://app.example.com' },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
  });

  it('never shows a key in an answer or in the list of requests', async () => {
    const answers = await Promise.all([
      server.call('/dev/requests'),
      server.call('/dev/stats'),
      server.call('/', { auth: null }),
      server.call(projects, { auth: basicAuth('sk-wrong') }),
    ]);
    for (const { text } of answers) expect(text).not.toContain(keys.secretKey);
  });
});
