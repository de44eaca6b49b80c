import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect, it } from '@jest/globals';

const program = fileURLToPath(new URL('../../scripts/chaos.mjs', import.meta.url));

const run = (
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });

const lastLine = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1) ?? '');

it('loses, doubles and repeats nothing in a short run under kills, a freeze, a deploy and outages', async () => {
  const { code, out, err } = await run(['--short', '--seed', '1', '--json']);
  const report = lastLine(out) as { readonly broken: unknown };
  // The schedule and what broke, where it did.
  expect({ broken: report.broken, log: code === 0 ? '' : err }).toEqual({ broken: [], log: '' });
  expect(report).toMatchObject({
    bench: 'chaos',
    seed: 1,
    runs: 1,
    figures: {
      planned: { value: 200 },
      lost: { value: 0, goal: 0, met: true },
      duplicateTraces: { value: 0, goal: 0, met: true },
      duplicateScores: { value: 0, goal: 0, met: true },
      repeatedPaidCalls: { met: true },
    },
  });
  expect(code).toBe(0);
}, 600_000);

it('says what is wrong with an option, and exits with 2', async () => {
  expect(await run(['--seeds', 'many'])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('--seeds many') as unknown,
  });
});
