import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { startLangfuseServer } from '../../src/devstack/langfuse/server.js';
import { compareAnswers } from './compare.js';
import { Mapping } from './mapping.js';
import type { Recording } from './recording.js';
import { loadRecordings } from './recording.js';
import type { Target } from './request.js';
import { sendRecorded } from './request.js';

interface Step {
  readonly step: string;
  readonly agrees: boolean;
  readonly differences: readonly string[];
}

const usage =
  'usage: node tools/replay-recordings.mjs <folder> --database-url <postgres url> [--json]\n' +
  'The database should be empty: the exchanges were recorded on an empty server. DATABASE_URL works, too.\n';

/** Replays the folder and prints what differs; resolves to the exit code (2 on bad arguments). */
export async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, 'database-url': { type: 'string' } },
  });
  const [folder] = positionals;
  const databaseUrl = values['database-url'] ?? process.env['DATABASE_URL'];
  if (folder === undefined || databaseUrl === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const recordings = await loadRecordings(folder);
  const steps = await replay(recordings, databaseUrl);
  const agreeing = steps.filter((step) => step.agrees).length;
  const summary = { steps: steps.length, agreeing, share: agreeing / Math.max(1, steps.length) };
  if (values.json === true)
    process.stdout.write(
      `${JSON.stringify({ ...summary, differing: steps.filter((step) => !step.agrees) })}\n`,
    );
  else printText(steps, summary);
  return 0;
}

function printText(
  steps: readonly Step[],
  summary: { steps: number; agreeing: number; share: number },
) {
  for (const { step, agrees, differences } of steps)
    if (!agrees) process.stdout.write(`${step}\n${differences.map((d) => `  ${d}\n`).join('')}`);
  process.stdout.write(
    `${summary.agreeing} of ${summary.steps} steps agree (${(summary.share * 100).toFixed(1)} %)\n`,
  );
}

const visibility = { spans: { fixedMs: 100 }, scores: { fixedMs: 200 } };

async function replay(recordings: readonly Recording[], databaseUrl: string): Promise<Step[]> {
  const keys = { publicKey: 'pk-lf-holdout', secretKey: 'sk-lf-holdout-replay' };
  const server = await startLangfuseServer({
    databaseUrl,
    ...keys,
    projectId: 'project-holdout',
    projectName: 'holdout',
    mode: recordings[0]?.mode ?? 'events_only',
    visibility,
  });
  const target: Target = { url: server.url, ...keys };
  const mapping = new Mapping(dayOf(recordings));
  try {
    const steps: Step[] = [];
    for (const recording of recordings) {
      const differences = await play(recording, target, mapping);
      steps.push({
        step: recording.file.replace('.json', ''),
        agrees: differences.length === 0,
        differences,
      });
    }
    return steps;
  } finally {
    await server.close();
  }
}

const patience = { times: 40, everyMs: 50 };
// What was written a moment ago and is read without polling was long visible when it was recorded.
const settleMs = 300;

async function play(
  recording: Recording,
  target: Target,
  mapping: Mapping,
): Promise<readonly string[]> {
  if (recording.name.startsWith('job-')) await admin(target, 'propagate', {});
  const slow = heldBack[recording.mode]?.includes(recording.name) === true;
  if (slow) await admin(target, 'visibility', { spans: { fixedMs: 3_600_000 } });
  const differences = await ask(recording, target, mapping);
  if (slow) await admin(target, 'visibility', { spans: visibility.spans });
  return differences;
}

// Nothing in the scenario waits for this span, and the recorded server had not shown it by its end.
const heldBack: Readonly<Record<string, readonly string[]>> = { legacy: ['otlp-run-a'] };

async function ask(
  recording: Recording,
  target: Target,
  mapping: Mapping,
): Promise<readonly string[]> {
  const waits = recording.polls !== undefined || readsBackWrites(recording);
  if (waits) await sleep(settleMs);
  for (let attempt = 1; ; attempt += 1) {
    const answer = await sendRecorded(recording, target, mapping);
    const differences = compareAnswers(recording, answer, mapping);
    if (differences.length === 0 || !waits || attempt >= patience.times / 4) return differences;
    await sleep(patience.everyMs);
  }
}

/** What the recorded server did by itself: the job minutes later, and its own delays. */
async function admin(target: Target, call: string, body: unknown): Promise<void> {
  const secret = Buffer.from(`${target.publicKey}:${target.secretKey}`).toString('base64');
  await fetch(new URL(`/dev/${call}`, target.url), {
    method: 'POST',
    headers: { authorization: `Basic ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function readsBackWrites({ request }: Recording): boolean {
  return (
    request.method === 'GET' &&
    /\/(?:observations|scores|experiments|experiment-items|metrics|traces|sessions|runs|dataset-run-items)\b/.test(
      request.path,
    )
  );
}

/** The day of the recording: that of the first `createdAt`. */
function dayOf(recordings: readonly Recording[]): string {
  for (const { response } of recordings) {
    const createdAt = (response.body as { createdAt?: unknown } | null)?.createdAt;
    if (typeof createdAt === 'string') return createdAt.slice(0, 10);
  }
  return new Date().toISOString().slice(0, 10);
}
