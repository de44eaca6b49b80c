// A worker's way to a prompt in a process of its own, for the tests that have two at once and that kill one.
import { promptContentHash } from '../../src/core/prompts/content.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import { createPromptTurns } from '../../src/workers/prompt-turns.js';

const [databaseUrl = '', baseUrl = '', publicKey = '', secretKey = '', name = ''] =
  process.argv.slice(2);
const turns = createPromptTurns(databaseUrl);
const platform = createLangfusePlatform({
  baseUrl,
  publicKey,
  secretKey,
  environment: 'assay',
  promptTurns: turns.of('langfuse', baseUrl),
});
const content = { body: { kind: 'text' as const, text: 'same' }, config: {} };
process.stdout.write('begins\n');
const stored = await platform.ensurePrompt(
  { name, ...content, contentHash: promptContentHash(content) },
  AbortSignal.timeout(30_000),
);
process.stdout.write(`${JSON.stringify(stored)}\n`);
await platform.close();
await turns.close();
